internal import Ranking

/// VIPeR: `cam_a` and `cam_b` with a picture of each person, `000_45.bmp`: person, angle.
func readVIPeR(_ given: DatasetFolder, _ options: TestSet.Options) throws(DatasetError) -> TestSet {
    let root = given.folder(firstOf: ["VIPeR"])
    func pictures(_ name: String, camera: Int) throws(DatasetError) -> [TestPicture] {
        try root.folder(name, purpose: "pictures of VIPeR").pictures(expected: "000_45.bmp") { name in
            name.split(separator: "_", maxSplits: 1).first?.digits
        }.map { TestPicture(path: $0.path, person: $0.label, camera: camera) }
    }
    return try split(.viper, root, try pictures("cam_a", camera: 1) + pictures("cam_b", camera: 2), 632, options)
}

/// CUHK01: `0001001.png` is person 1, view 1; views 1 and 2 are one camera's, 3 and 4 the other's.
func readCUHK01(_ root: DatasetFolder, _ options: TestSet.Options) throws(DatasetError) -> TestSet {
    let pictures = try root.folder(firstOf: ["campus"]).pictures(expected: "0001001.png") { name -> (Int, Int)? in
        let stem = name.prefix { $0 != "." }
        guard stem.count == 7, let person = stem.prefix(4).digits, let view = stem.suffix(3).digits, 1...4 ~= view
        else { return nil }
        return (person, view <= 2 ? 1 : 2)
    }.map { TestPicture(path: $0.path, person: $0.label.0, camera: $0.label.1) }
    return try split(.cuhk01, root, pictures, 971, options)
}

/// 3DPeS: `1_1_FRAME_25_RGB.bmp`, the first number being the person.
///
/// There is no split in common use. Here the views of each person are halved at random into two pseudo-cameras.
func read3DPeS(_ root: DatasetFolder, _ options: TestSet.Options) throws(DatasetError) -> TestSet {
    let folder = root.folder(firstOf: ["3DPeS"]).folder(firstOf: ["RGB"])
    let pictures = try folder.pictures(expected: "1_1_FRAME_25_RGB.bmp") { name -> Int? in
        let parts = name.split(separator: "_", omittingEmptySubsequences: false)
        return parts.count >= 4 ? parts[0].digits : nil
    }
    let groups = Dictionary(grouping: pictures, by: \.label).filter { $0.value.count > 1 }
    let people = groups.keys.sorted()
    guard people.count > 1 else { throw .tooFewPeople(folder: folder.path, found: people.count) }
    let splits = RandomSplits(options)
    let tasks = splits.tasks(of: people.count) { chosen, random in
        chosen.map { place in
            let views = random.shuffled((groups[people[place]] ?? []).map(\.path))
            let half = views.count - views.count / 2
            func camera(_ number: Int, _ paths: ArraySlice<String>) -> [TestPicture] {
                paths.map { TestPicture(path: $0, person: people[place], camera: number) }
            }
            return (camera(1, views[..<half]), camera(2, views[half...]))
        }
    }
    var notes = [
        splits.note(people.count),
        "the two cameras are halves of each person's views drawn at random, a split of this program's own",
    ]
    if people.count != 192 { notes.append("\(people.count) people with two views or more, 192 in the published 3DPeS") }
    return TestSet(.threeDPeS, tasks: tasks, seed: options.seed, notes: notes)
}

/// Random halves of the people that both cameras have seen.
private func split(
    _ kind: DatasetKind, _ root: DatasetFolder, _ pictures: [TestPicture], _ published: Int,
    _ options: TestSet.Options
) throws(DatasetError) -> TestSet {
    let groups = Dictionary(grouping: pictures, by: \.sighting.person).mapValues { pictures in
        (a: pictures.filter { $0.sighting.camera == 1 }, b: pictures.filter { $0.sighting.camera == 2 })
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
