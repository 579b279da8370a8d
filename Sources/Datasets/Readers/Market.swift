/// Reads Market-1501 or DukeMTMC-reID from the folder that the archive unpacks to, or from its parent.
func readMarket(_ given: DatasetFolder, _ kind: DatasetKind) throws(DatasetError) -> TestSet {
    let isDuke = kind == .dukemtmc
    return try readMarketStyle(
        given.folder(firstOf: [isDuke ? "DukeMTMC-reID" : "Market-1501-v15.09.15"]), kind,
        example: isDuke ? "0005_c2_f0046985.jpg" : "0002_c1s1_000451_03.jpg",
        published: isDuke ? (16_522, 2_228, 17_661) : (12_936, 3_368, 19_732))
}

/// Reads a data set with the layout of Market-1501: folders `query`, `bounding_box_test` and, if there is one,
/// `bounding_box_train`.
///
/// `example` is an example of an image's name for error messages.
func readMarketStyle(
    _ root: DatasetFolder, _ kind: DatasetKind, example: String,
    published: (training: Int, queries: Int, gallery: Int), notes given: [String] = []
) throws(DatasetError) -> TestSet {
    func images(_ name: String, _ purpose: String) throws(DatasetError) -> [TestImage] {
        try root.folder(name, purpose: "\(purpose) images of \(kind.title)")
            .images(expected: example, MarketName.init(startOf:))
            .map { TestImage(path: $0.path, person: $0.label.person, camera: $0.label.camera) }
    }
    let all = try images("query", "query")
    let gallery = try images("bounding_box_test", "gallery")
    let hasTraining = root.hasFolder("bounding_box_train")
    let training = hasTraining ? try images("bounding_box_train", "training").count : 0
    // Persons -1 (junk) and 0 (distractors) cannot be queries: no image is a right answer for them.
    let queries = all.filter { $0.sighting.person > 0 }
    var notes = given
    if queries.count < all.count {
        notes.append("\(all.count - queries.count) queries of junk or distractors left out")
    }
    if let note = kind.note(published: [published], training: training, queries: all.count, gallery: gallery.count) {
        notes.append(note)
    }
    return TestSet(
        kind, tasks: [RetrievalTask(name: "", queries: queries, gallery: gallery)], notes: notes,
        trainingImages: training)
}
