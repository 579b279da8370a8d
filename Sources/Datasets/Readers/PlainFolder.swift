/// Reads any folder of images: with a `manifest.ndjson`, `person/camera_anything.jpg`, or names as in Market-1501.
///
/// If the folder has `query` and `gallery`, these are the queries and the gallery. Otherwise they are chosen: if a
/// camera has several images of a person, the first one is a query; if it has one, that image is a query only if the
/// camera is the person's first. All other images are the gallery.
///
/// If `queriesEveryImage` is true, every image of a known person is a query, and the gallery has all images: a ranking
/// leaves out those of the query's person and camera, so also the query itself.
func readPlainFolder(_ root: DatasetFolder, queriesEveryImage: Bool) throws(DatasetError) -> TestSet {
    var numbers = PeopleNumbers()
    if root.hasFolder("query") || root.hasFolder("gallery") {
        guard !queriesEveryImage else { throw .hasQueries(folder: root.path) }
        let queries = try images(in: root.folder("query", purpose: "query images"), &numbers)
        let gallery = try images(in: root.folder("gallery", purpose: "gallery images"), &numbers)
        return TestSet(.folder, tasks: [RetrievalTask(name: "", queries: queries, gallery: gallery)])
    }
    let all = try images(in: root, &numbers)
    if queriesEveryImage {
        let task = RetrievalTask(name: "", queries: all.filter { $0.sighting.person > 0 }, gallery: all)
        return TestSet(.folder, tasks: [task], notes: ["queries are all images of known people"])
    }
    let counts = Dictionary(grouping: all, by: \.sighting).mapValues(\.count)
    var firstCameras: [Int: Int] = [:]
    for image in all where firstCameras[image.sighting.person] == nil {
        firstCameras[image.sighting.person] = image.sighting.camera
    }
    var seen: Set<Sighting> = []
    var (queries, gallery): ([TestImage], [TestImage]) = ([], [])
    for image in all {
        let (sighting, person) = (image.sighting, image.sighting.person)
        let isFirst = seen.insert(sighting).inserted
        let isQuery = counts[sighting] == 1 ? firstCameras[person] == sighting.camera : isFirst
        if person > 0, isQuery { queries.append(image) } else { gallery.append(image) }
    }
    return TestSet(
        .folder, tasks: [RetrievalTask(name: "", queries: queries, gallery: gallery)],
        notes: [
            "queries are the first image of each person by each camera, or by the first camera where there is but one"
        ])
}

private func images(in folder: DatasetFolder, _ numbers: inout PeopleNumbers) throws(DatasetError) -> [TestImage] {
    if folder.hasFile("manifest.ndjson") { return try listed(in: folder, &numbers) }
    var found: [TestImage] = []
    if try folder.names().contains(where: DatasetFolder.isImage) {
        for (path, label) in try folder.images(expected: "0002_c1s1_000451_03.jpg", MarketName.init(startOf:)) {
            found.append(
                TestImage(
                    path: path, person: numbers.person("\(label.person)"), camera: numbers.camera("\(label.camera)")))
        }
        return found
    }
    let example = "PERSON/CAMERA_anything.jpg"
    for name in try folder.names() where !name.hasPrefix(".") && folder.hasFolder(name) {
        let own = try folder.folder(name, purpose: "images of a person")
        for image in try own.names() where DatasetFolder.isImage(image) {
            let parts = image.split(separator: "_", maxSplits: 1)
            guard parts.count == 2 else {
                throw .unreadableName(folder: own.path, name: image, expected: "CAMERA_anything.jpg")
            }
            found.append(
                TestImage(
                    path: "\(own.path)/\(image)", person: numbers.person(name),
                    camera: numbers.camera(String(parts[0]))))
        }
    }
    guard !found.isEmpty else { throw .noImages(folder: folder.path, expected: "\(example), or a manifest.ndjson") }
    return found
}

private func listed(in folder: DatasetFolder, _ numbers: inout PeopleNumbers) throws(DatasetError) -> [TestImage] {
    let name = "manifest.ndjson"
    let path = "\(folder.path)/\(name)"
    var found: [TestImage] = []
    for entry in try readManifest(path, of: ManifestEntry.self, purpose: "a line for each image") {
        found.append(
            TestImage(
                path: try folder.image(entry.image, list: path), person: numbers.person(entry.person),
                camera: numbers.camera(entry.camera), box: entry.box))
    }
    guard !found.isEmpty else { throw .noImages(folder: folder.path, expected: "those that \(name) should list") }
    return found
}
