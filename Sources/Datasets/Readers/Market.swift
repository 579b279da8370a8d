/// Market-1501 and DukeMTMC-reID, in the folder that their archives unpack to or its parent.
func readMarket(_ given: DatasetFolder, _ kind: DatasetKind) throws(DatasetError) -> TestSet {
    let isDuke = kind == .dukemtmc
    return try readMarketStyle(
        given.folder(firstOf: [isDuke ? "DukeMTMC-reID" : "Market-1501-v15.09.15"]), kind,
        example: isDuke ? "0005_c2_f0046985.jpg" : "0002_c1s1_000451_03.jpg",
        published: isDuke ? (16_522, 2_228, 17_661) : (12_936, 3_368, 19_732))
}

/// A data set in the form of Market-1501: `query` and `bounding_box_test`, beside `bounding_box_train`.
///
/// A test can do without the latter. `example` shows the name of an image.
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
    // Nobody can be asked for by these two numbers.
    let queries = all.filter { $0.sighting.person > 0 }
    var notes = given
    if queries.count < all.count { notes.append("\(all.count - queries.count) queries of nobody left out") }
    if let note = kind.note(published: [published], training: training, queries: all.count, gallery: gallery.count) {
        notes.append(note)
    }
    return TestSet(
        kind, tasks: [RetrievalTask(name: "", queries: queries, gallery: gallery)], notes: notes,
        trainingImages: training)
}
