internal import Ranking

/// Any folder of pictures: `manifest.ndjson`, `person/camera_anything.jpg`, or names as in Market-1501.
///
/// `query` and `gallery` within are searched for and in. Without them, the first picture of a person by a camera is a query where
/// there are several; of single pictures, the one by the person's first camera is. All others are the gallery.
func readPlainFolder(_ root: DatasetFolder) throws(DatasetError) -> TestSet {
    var numbers = PeopleNumbers()
    if root.hasFolder("query") || root.hasFolder("gallery") {
        let queries = try pictures(in: root.folder("query", purpose: "query pictures"), &numbers)
        let gallery = try pictures(in: root.folder("gallery", purpose: "gallery pictures"), &numbers)
        return TestSet(.folder, tasks: [RetrievalTask(name: "", queries: queries, gallery: gallery)])
    }
    let all = try pictures(in: root, &numbers)
    let counts = Dictionary(grouping: all, by: \.sighting).mapValues(\.count)
    var firstCameras: [Int: Int] = [:]
    for picture in all where firstCameras[picture.sighting.person] == nil {
        firstCameras[picture.sighting.person] = picture.sighting.camera
    }
    var seen: Set<Sighting> = []
    var (queries, gallery): ([TestPicture], [TestPicture]) = ([], [])
    for picture in all {
        let (sighting, person) = (picture.sighting, picture.sighting.person)
        let isFirst = seen.insert(sighting).inserted
        let isQuery = counts[sighting] == 1 ? firstCameras[person] == sighting.camera : isFirst
        if person > 0, isQuery { queries.append(picture) } else { gallery.append(picture) }
    }
    return TestSet(
        .folder, tasks: [RetrievalTask(name: "", queries: queries, gallery: gallery)],
        notes: [
            "queries are the first picture of each person by each camera, or by the first camera where there is but one"
        ])
}

private func pictures(in folder: DatasetFolder, _ numbers: inout PeopleNumbers) throws(DatasetError) -> [TestPicture] {
    if folder.hasFile("manifest.ndjson") { return try listed(in: folder, &numbers) }
    var found: [TestPicture] = []
    if try folder.names().contains(where: DatasetFolder.isPicture) {
        for (path, label) in try folder.pictures(expected: "0002_c1s1_000451_03.jpg", TrainingSet.parse) {
            found.append(
                TestPicture(
                    path: path, person: numbers.person("\(label.person)"), camera: numbers.camera("\(label.camera)")))
        }
        return found
    }
    let example = "PERSON/CAMERA_anything.jpg"
    for name in try folder.names() where !name.hasPrefix(".") && folder.hasFolder(name) {
        let own = try folder.folder(name, purpose: "pictures of a person")
        for picture in try own.names() where DatasetFolder.isPicture(picture) {
            let parts = picture.split(separator: "_", maxSplits: 1)
            guard parts.count == 2 else {
                throw .unreadableName(folder: own.path, name: picture, expected: "CAMERA_anything.jpg")
            }
            found.append(
                TestPicture(
                    path: "\(own.path)/\(picture)", person: numbers.person(name),
                    camera: numbers.camera(String(parts[0]))))
        }
    }
    guard !found.isEmpty else { throw .noPictures(folder: folder.path, expected: "\(example), or a manifest.ndjson") }
    return found
}

private func listed(in folder: DatasetFolder, _ numbers: inout PeopleNumbers) throws(DatasetError) -> [TestPicture] {
    let name = "manifest.ndjson"
    let path = "\(folder.path)/\(name)"
    var found: [TestPicture] = []
    for entry in try readManifest(path, of: ManifestEntry.self, purpose: "a line for each picture") {
        found.append(
            TestPicture(
                path: try folder.picture(entry.image, list: path), person: numbers.person(entry.person),
                camera: numbers.camera(entry.camera), box: entry.box))
    }
    guard !found.isEmpty else { throw .noPictures(folder: folder.path, expected: "those that \(name) should list") }
    return found
}
