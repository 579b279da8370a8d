/// Reads VIPeR: folders `cam_a` and `cam_b` with one image per person, such as `000_45.bmp`: person, angle.
func readVIPeR(_ given: DatasetFolder, _ options: TestSet.Options) throws(DatasetError) -> TestSet {
    let root = given.folder(firstOf: ["VIPeR"])
    func images(_ name: String, camera: Int) throws(DatasetError) -> [TestImage] {
        try root.folder(name, purpose: "images of VIPeR").images(expected: "000_45.bmp") { name in
            name.split(separator: "_", maxSplits: 1).first?.digits
        }.map { TestImage(path: $0.path, person: $0.label, camera: camera) }
    }
    return try split(.viper, root, try images("cam_a", camera: 1) + images("cam_b", camera: 2), 632, options)
}

/// Reads CUHK01: `0001001.png` is person 1, view 1; views 1 and 2 are from one camera, 3 and 4 from the other.
func readCUHK01(_ root: DatasetFolder, _ options: TestSet.Options) throws(DatasetError) -> TestSet {
    let images = try root.folder(firstOf: ["campus"]).images(expected: "0001001.png") { name -> (Int, Int)? in
        let stem = name.prefix { $0 != "." }
        guard stem.count == 7, let person = stem.prefix(4).digits, let view = stem.suffix(3).digits, 1...4 ~= view
        else { return nil }
        return (person, view <= 2 ? 1 : 2)
    }.map { TestImage(path: $0.path, person: $0.label.0, camera: $0.label.1) }
    return try split(.cuhk01, root, images, 971, options)
}

/// Reads 3DPeS: `94_792_FRAME_43_RGB.bmp` is person 94 in sequence 792.
///
/// No split is in common use. Here the sequences of each person are divided at random between two pseudo-cameras, so
/// that frames of one sequence, which may be nearly the same image, are never compared with each other. People with
/// only one sequence are left out.
func read3DPeS(_ root: DatasetFolder, _ options: TestSet.Options) throws(DatasetError) -> TestSet {
    let folder = root.folder(firstOf: ["3DPeS"]).folder(firstOf: ["RGB"])
    let images = try folder.images(expected: "1_1_FRAME_25_RGB.bmp") { name -> (Int, String)? in
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count >= 4, let person = parts[0].digits else { return nil }
        // The name of a sequence may have several parts.
        return (person, parts[1..<(parts.firstIndex(of: "FRAME") ?? 2)].joined(separator: "_"))
    }
    let everybody = Dictionary(grouping: images) { $0.label.0 }.mapValues { own in
        Dictionary(grouping: own) { $0.label.1 }.sorted { $0.key < $1.key }.map { $0.value.map(\.path) }
    }
    let groups = everybody.filter { $0.value.count > 1 }
    let people = groups.keys.sorted()
    guard people.count > 1 else { throw .tooFewPeople(folder: folder.path, found: people.count) }
    let splits = RandomSplits(options)
    let tasks = splits.tasks(of: people.count) { chosen, random in
        chosen.map { place in
            let sequences = random.shuffled(groups[people[place]] ?? [])
            let half = sequences.count - sequences.count / 2
            func camera(_ number: Int, _ sequences: ArraySlice<[String]>) -> [TestImage] {
                sequences.joined().map { TestImage(path: $0, person: people[place], camera: number) }
            }
            return (camera(1, sequences[..<half]), camera(2, sequences[half...]))
        }
    }
    var notes = [
        splits.note(people.count),
        "the two cameras are halves of each person's sequences drawn at random, a split of this program's own",
    ]
    let single = everybody.count - people.count
    if single > 0 { notes.append("\(single) of \(everybody.count) people with a single sequence left out") }
    if everybody.count != 192 { notes.append("\(everybody.count) people, 192 in the published 3DPeS") }
    return TestSet(.threeDPeS, tasks: tasks, seed: options.seed, notes: notes)
}

/// Splits the people that both cameras have seen at random.
private func split(
    _ kind: DatasetKind, _ root: DatasetFolder, _ images: [TestImage], _ published: Int,
    _ options: TestSet.Options
) throws(DatasetError) -> TestSet {
    let groups = Dictionary(grouping: images, by: \.sighting.person).mapValues { images in
        (a: images.filter { $0.sighting.camera == 1 }, b: images.filter { $0.sighting.camera == 2 })
    }.filter { !$0.value.a.isEmpty && !$0.value.b.isEmpty }
    let people = groups.keys.sorted()
    guard people.count > 1 else { throw .tooFewPeople(folder: root.path, found: people.count) }
    let splits = RandomSplits(options)
    let tasks = splits.tasks(of: people.count) { chosen, _ in chosen.compactMap { groups[people[$0]] } }
    var notes = [splits.note(people.count)]
    if people.count != published {
        notes.append("\(people.count) people seen by both cameras, \(published) in the published \(kind.title)")
    }
    return TestSet(kind, tasks: tasks, seed: options.seed, notes: notes)
}
