internal import Ranking

/// Market-1501 and DukeMTMC-reID: `query` and `bounding_box_test`, beside `bounding_box_train`, which a test can do without.
func readMarket(_ given: DatasetFolder, _ kind: DatasetKind) throws(DatasetError) -> TestSet {
    // The archives unpack to these.
    let root = given.folder(firstOf: [kind == .dukemtmc ? "DukeMTMC-reID" : "Market-1501-v15.09.15"])
    let example = kind == .dukemtmc ? "0005_c2_f0046985.jpg" : "0002_c1s1_000451_03.jpg"
    func pictures(_ name: String, _ purpose: String) throws(DatasetError) -> [TestPicture] {
        try root.folder(name, purpose: "\(purpose) pictures of \(kind.title)")
            .pictures(expected: example, TrainingSet.parse)
            .map { TestPicture(path: $0.path, person: $0.label.person, camera: $0.label.camera) }
    }
    let all = try pictures("query", "query")
    let gallery = try pictures("bounding_box_test", "gallery")
    let hasTraining = root.hasFolder("bounding_box_train")
    let training = hasTraining ? try pictures("bounding_box_train", "training").count : 0
    // Nobody can be asked for by these two numbers.
    let queries = all.filter { $0.sighting.person > 0 }
    var notes: [String] = []
    if queries.count < all.count { notes.append("\(all.count - queries.count) queries of nobody left out") }
    let published: [(training: Int, queries: Int, gallery: Int)] =
        kind == .dukemtmc ? [(16_522, 2_228, 17_661)] : [(12_936, 3_368, 19_732)]
    if let note = kind.note(published: published, training: training, queries: all.count, gallery: gallery.count) {
        notes.append(note)
    }
    return TestSet(
        kind, tasks: [RetrievalTask(name: "", queries: queries, gallery: gallery)], notes: notes,
        trainingPictures: training)
}
