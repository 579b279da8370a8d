internal import Foundation
internal import TensorFiles

/// Reads CUHK03 in the new protocol: one `.mat` file of lists beside a folder of images such as `1_001_1_01.png`.
///
/// Also reads CUHK03-NP, which the protocol's authors arranged like Market-1501: folders `labeled` and `detected`, each
/// with `query`, `bounding_box_test` and `bounding_box_train`.
func readCUHK03(_ root: DatasetFolder, isDetected: Bool) throws(DatasetError) -> TestSet {
    let boxes = isDetected ? "detected" : "labeled"
    let boxNote = "\(isDetected ? "detected" : "labeled") boxes"
    let published: (training: Int, queries: Int, gallery: Int) =
        isDetected ? (7_365, 1_400, 5_332) : (7_368, 1_400, 5_328)
    let arranged = root.folder(firstOf: ["cuhk03-np"])
    if arranged.hasFolder("\(boxes)/query") {
        return try readMarketStyle(
            arranged.folder(boxes, purpose: boxNote), .cuhk03, example: "0001_c1_1.png", published: published,
            notes: [boxNote])
    }
    let lists = try ProtocolLists(root, "cuhk03_new_protocol_config_\(boxes).mat")
    let names = try lists.texts("filelist")
    let people = try lists.integers("labels", count: names.count)
    let cameras = try lists.integers("camId", count: names.count)
    let training = try lists.places("train_idx", in: names.count)
    // Lists made on other systems may name a folder as well.
    let files = names.map { $0.split(whereSeparator: { "/\\".contains($0) }).last.map(String.init) ?? "" }
    let usual = "images_\(boxes)"
    let images = root.folder(firstOf: [usual, boxes, "cuhk03_\(boxes)", "images"])
    guard images.path != root.path || root.hasFile(files[0]) else {
        throw .noFolder(path: "\(root.path)/\(usual)", purpose: "images such as \(files[0])")
    }
    func listed(_ name: String) throws(DatasetError) -> [TestImage] {
        var listed: [TestImage] = []
        for place in try lists.places(name, in: names.count) {
            listed.append(
                TestImage(
                    path: try images.image(files[place], list: lists.path), person: people[place],
                    camera: cameras[place]))
        }
        return listed
    }
    let task = RetrievalTask(name: "", queries: try listed("query_idx"), gallery: try listed("gallery_idx"))
    let note = DatasetKind.cuhk03.note(
        published: [published], training: training.count, queries: task.queries.count, gallery: task.gallery.count)
    return TestSet(
        .cuhk03, tasks: [task], notes: [boxNote] + (note.map { [$0] } ?? []), trainingImages: training.count)
}

/// The lists of a protocol's `.mat` file.
private struct ProtocolLists {
    let path: String
    private let variables: [String: MATLABValue]

    init(_ root: DatasetFolder, _ name: String) throws(DatasetError) {
        path = "\(root.path)/\(name)"
        guard root.hasFile(name) else { throw .noFile(path: path, purpose: "the lists of the new protocol") }
        do { variables = try MATLABFile(contentsOf: path).variables } catch {
            throw .protocolFile(path: path, error: error)
        }
    }

    func texts(_ name: String) throws(DatasetError) -> [String] {
        switch variables[name] {
        case .cells(_, let cells)?:
            let texts = cells.compactMap { cell in
                if case .text(let rows) = cell, rows.count == 1 { rows[0] } else { nil }
            }
            if texts.count == cells.count, !texts.isEmpty { return texts }
        case .text(let rows)? where !rows.isEmpty:
            return rows.map { $0.trimmingCharacters(in: .whitespaces) }
        default: break
        }
        throw .protocolVariable(path: path, name: name, expected: "a cell array of file names")
    }

    func integers(_ name: String, count: Int? = nil) throws(DatasetError) -> [Int] {
        guard case .numbers(_, let numbers)? = variables[name] else {
            throw .protocolVariable(path: path, name: name, expected: "an array of whole numbers")
        }
        let integers = numbers.compactMap { Int(exactly: $0) }
        guard integers.count == numbers.count, count == nil || count == integers.count else {
            let length = count.map { "\($0) whole numbers, one for each of `filelist`" }
            throw .protocolVariable(path: path, name: name, expected: length ?? "whole numbers")
        }
        return integers
    }

    /// Indices into a list, counted from 0; the file counts them from 1.
    func places(_ name: String, in count: Int) throws(DatasetError) -> [Int] {
        let places = try integers(name)
        guard !places.isEmpty, places.allSatisfy({ 1...count ~= $0 }) else {
            throw .protocolVariable(path: path, name: name, expected: "places in `filelist`, 1...\(count)")
        }
        return places.map { $0 - 1 }
    }
}
