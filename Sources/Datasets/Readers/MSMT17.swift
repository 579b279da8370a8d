/// Reads MSMT17, V1 or V2: four lists beside the folders of training and test images.
func readMSMT17(_ given: DatasetFolder) throws(DatasetError) -> TestSet {
    let root = given.folder(firstOf: ["MSMT17_V2", "MSMT17_V1"])
    let training = try list("list_train.txt", root) + list("list_val.txt", root)
    let test = root.hasFolder("mask_test_v2") ? "mask_test_v2" : "test"
    let images = try root.folder(test, purpose: "test images of MSMT17 (mask_test_v2 in V2)")
    // Both parts count their people from 0, so the numbers of the test part are shifted.
    let trainedPeople = (training.map(\.person).max() ?? -1) + 1
    func listed(_ name: String) throws(DatasetError) -> [TestImage] {
        var listed: [TestImage] = []
        for entry in try list(name, root) {
            listed.append(
                TestImage(
                    path: try images.image(entry.file, list: "\(root.path)/\(name)"),
                    person: trainedPeople + entry.person, camera: entry.camera))
        }
        return listed
    }
    let task = RetrievalTask(name: "", queries: try listed("list_query.txt"), gallery: try listed("list_gallery.txt"))
    let note = DatasetKind.msmt17.note(
        published: [(32_621, 11_659, 82_161)], training: training.count, queries: task.queries.count,
        gallery: task.gallery.count)
    return TestSet(.msmt17, tasks: [task], notes: note.map { [$0] } ?? [], trainingImages: training.count)
}

/// A line such as `0000/0000_045_12_0303morning_0006_2.jpg 0`: file and person; the third field of the file's name is
/// the camera.
private struct Entry {
    let file: String
    let person: Int
    let camera: Int

    init?(_ line: Substring) {
        let fields = line.split(whereSeparator: \.isWhitespace)
        guard fields.count == 2, let person = fields[1].digits else { return nil }
        let parts = fields[0].split(separator: "/").last?.split(separator: "_", omittingEmptySubsequences: false) ?? []
        guard parts.count >= 4, let camera = parts[2].digits, !fields[0].split(separator: "/").contains("..") else {
            return nil
        }
        (file, self.person, self.camera) = (String(fields[0]), person, camera)
    }
}

/// The camera in a file name of MSMT17, such as `0000_045_12_0303morning_0006_2.jpg`; nil for other names.
func msmt17Camera(of name: String) -> Int? {
    let parts = name.split(separator: "_", omittingEmptySubsequences: false)
    guard parts.count >= 6, ["morning", "noon", "afternoon"].contains(String(parts[3].dropFirst(4))) else { return nil }
    return parts[2].digits
}

private func list(_ name: String, _ root: DatasetFolder) throws(DatasetError) -> [Entry] {
    var entries: [Entry] = []
    for line in try root.lines(of: name, purpose: "a list of MSMT17") {
        guard let entry = Entry(line.text) else {
            throw .malformedLine(
                path: "\(root.path)/\(name)", line: line.number,
                reason: "expected a line such as 0000/0000_045_12_0303morning_0006_2.jpg 0")
        }
        entries.append(entry)
    }
    return entries
}
