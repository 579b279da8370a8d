import Datasets
import Foundation
import Testing

/// A folder of empty files, removed on deinit; a training set reads only names.
private final class NamedFiles {
    let path: String

    init(_ files: [String]) throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("names-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for file in files {
            let url = URL(fileURLWithPath: "\(path)/\(file)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: url)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The error of reading the folder or another path; nil if there is none.
    func refusal(_ path: String? = nil, validation: String? = nil) -> TrainingSetError? {
        do {
            _ = try TrainingSet(folder: path ?? self.path, validation: validation)
            return nil
        } catch { return error }
    }

    /// Images as person, camera and path within the folder.
    func described(_ images: [TrainingImage]) -> [String] {
        images.map { "\($0.person) \($0.camera) \($0.path.dropFirst(path.count + 1))" }
    }
}

@Suite struct TrainingSetTests {
    private static let market = [
        "0007_c2s1_000100_01.jpg", "0002_c1s1_000451_03.jpg", "0002_c6s2_000001_00.jpg", "-1_c1s1_000001_00.jpg",
        "0000_c3s1_000001_00.jpg", "0007_c1s1_000100_01.jpg",
    ]

    @Test(arguments: ["", "bounding_box_train/"])
    func `Market-1501's images are read from its folder or bare, without junk and distractors`(below: String) throws {
        let files = try NamedFiles(Self.market.map { below + $0 } + ["readme.txt", ".hidden.jpg"])
        let set = try TrainingSet(folder: files.path)
        #expect(set.people == ["0002", "0007"] && set.personCount == 2)
        #expect(
            files.described(set.train) == [
                "0 1 \(below)0002_c1s1_000451_03.jpg", "0 6 \(below)0002_c6s2_000001_00.jpg",
                "1 1 \(below)0007_c1s1_000100_01.jpg", "1 2 \(below)0007_c2s1_000100_01.jpg",
            ])
        #expect(set.validationQueries.isEmpty && set.validationGallery.isEmpty)
        #expect(try TrainingSet(folder: files.path).digest() == set.digest())
    }

    @Test func `DukeMTMC-reID's names are read`() throws {
        let files = try NamedFiles(["0005_c2_f0046985.jpg", "0006_c12_f0000001.jpg"])
        #expect(
            try files.described(TrainingSet(folder: files.path).train) == [
                "0 2 0005_c2_f0046985.jpg", "1 12 0006_c12_f0000001.jpg",
            ])
    }

    @Test func `a folder for each person is read, with cameras from the names`() throws {
        let files = try NamedFiles([
            "bob/3_1.jpg", "ann/c2_2.JPG", "ann/c1_x_y.png", "ann/plain.jpeg", "ann/notes.txt", "empty/readme",
        ])
        let set = try TrainingSet(folder: files.path)
        #expect(set.people == ["ann", "bob"])
        let described = files.described(set.train)
        #expect(described.count == 4)
        #expect(described.contains("0 1 ann/c1_x_y.png") && described.contains("0 2 ann/c2_2.JPG"))
        #expect(described.contains("1 3 bob/3_1.jpg"))
    }

    @Test func `cameras of different names differ, and Market-1501's names are understood in a person's folder`() throws
    {
        let files = try NamedFiles([
            "ann/north1_1.jpg", "ann/south1_1.jpg", "bob/0002_c3s1_000451_03.jpg", "bob/0002_c4s1_000451_03.jpg",
        ])
        let cameras = try TrainingSet(folder: files.path).train.map(\.camera)
        #expect(cameras[0] != cameras[1])
        #expect(cameras[2...] == [3, 4])
    }

    @Test func `MSMT17's training folder says its cameras in the third part of a name`() throws {
        let files = try NamedFiles([
            "0000/0000_000_01_0303morning_0008_0.jpg", "0000/0000_001_12_0303noon_0008_1_ex.jpg",
            "0001/0001_000_07_0113afternoon_1024_2.jpg",
        ])
        #expect(try TrainingSet(folder: files.path).train.map(\.camera) == [1, 12, 7])
    }

    @Test func `a name of many parts of other kinds has its camera in front`() throws {
        let files = try NamedFiles(["ann/c3_2026_11_25_10_30.jpg", "bob/4_2026_12_25_10_30.jpg"])
        #expect(try TrainingSet(folder: files.path).train.map(\.camera) == [3, 4])
    }

    @Test func `what cannot be trained with is refused, with its place`() throws {
        let empty = try NamedFiles([])
        #expect(empty.refusal("\(empty.path)/none") == .noFolder(path: "\(empty.path)/none"))
        #expect(empty.refusal() == .noImages(folder: empty.path))
        let one = try NamedFiles(["0001_c1_f1.jpg"])
        #expect(one.refusal("\(one.path)/0001_c1_f1.jpg") == .noFolder(path: "\(one.path)/0001_c1_f1.jpg"))
        #expect(one.refusal() == .singlePerson(folder: one.path, name: "0001"))
        let junk = try NamedFiles(["-1_c1s1_000001_00.jpg", "0000_c1s1_000001_00.jpg"])
        #expect(junk.refusal() == .noImages(folder: junk.path))
        let names = try NamedFiles(["0001_c1_f1.jpg", "0002_c1_f1.jpg", "IMG_2.jpg"])
        #expect(names.refusal() == .unreadableName(folder: names.path, name: "IMG_2.jpg"))
        let sound = try NamedFiles(Self.market + ["query/0009_c1s1_000001_00.jpg"])
        #expect(
            sound.refusal(validation: sound.path) == .noFolder(path: "\(sound.path)/bounding_box_test"))
    }

    @Test func `a validation folder keeps distractors but no junk`() throws {
        let files = try NamedFiles(
            Self.market + ["query/0009_c1s1_000001_00.jpg"]
                + ["-1_c1s1_000001_00.jpg", "0000_c3s1_000001_00.jpg", "0009_c2s1_000001_00.jpg"].map {
                    "bounding_box_test/\($0)"
                })
        let set = try TrainingSet(folder: files.path, validation: files.path)
        #expect(set.train.count == 4)
        #expect(files.described(set.validationQueries) == ["9 1 query/0009_c1s1_000001_00.jpg"])
        #expect(
            files.described(set.validationGallery) == [
                "0 3 bounding_box_test/0000_c3s1_000001_00.jpg", "9 2 bounding_box_test/0009_c2s1_000001_00.jpg",
            ])
    }

    @Test func `two images of those who have four are held out, by two cameras where there are two`() throws {
        let files = try NamedFiles(
            (0..<5).flatMap { ["a/c1_\($0).jpg", "a/c2_\($0).jpg", "b/c1_\($0).jpg"] }
                + (0..<3).map { "c/c1_\($0).jpg" })
        let set = try TrainingSet(folder: files.path)
        #expect(set.validationQueries.map(\.person) == [0, 1] && set.validationGallery.map(\.person) == [0, 1])
        for (query, answer) in zip(set.validationQueries, set.validationGallery) {
            #expect(query.camera != answer.camera && query.path != answer.path)
        }
        let held = Set((set.validationQueries + set.validationGallery).map(\.path))
        #expect(held.count == 4 && set.train.count == 14)
        #expect(set.train.allSatisfy { !held.contains($0.path) })
        #expect(Set(set.train.map(\.person)) == [0, 1, 2])
        #expect(try TrainingSet(folder: files.path, heldOutPeople: 1).validationQueries.count == 1)
        #expect(try TrainingSet(folder: files.path, heldOutPeople: 0).train.count == 18)
    }
}
