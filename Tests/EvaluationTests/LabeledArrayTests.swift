import Datasets
import Evaluation
import Foundation
import Ranking
import Testing

/// A .npy of hand-made bytes beside a manifest, in a folder that is removed on deinit.
final class LabeledArray {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    /// `values` are in the order of the file; `removing` is the number of bytes to cut off its end.
    init(
        _ values: [Double], shape: String, type: String = "<f4", order: String = "False", removing: Int = 0,
        lines: [String]
    ) throws {
        let text = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n"
        var bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.utf8.count), 0] + Array(text.utf8)
        for value in values {
            let (bits, size) = type == "<f8" ? (value.bitPattern, 8) : (UInt64(Float(value).bitPattern), 4)
            bytes += (0..<size).map { UInt8(truncatingIfNeeded: bits >> ($0 * 8)) }
        }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(bytes.dropLast(removing)).write(to: folder.appendingPathComponent("f.npy"))
        try Data(lines.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("f.ndjson"))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func read() throws(FeatureSetError) -> FeatureSet {
        try FeatureSet(array: "\(folder.path)/f.npy", manifest: "\(folder.path)/f.ndjson")
    }

    /// The message why it cannot be read, with DIR in place of the folder.
    var refusal: String? {
        do {
            _ = try read()
            return nil
        } catch { return error.description.replacingOccurrences(of: folder.path, with: "DIR") }
    }
}

@Suite struct LabeledArrayTests {
    static let query = #"{"set": "query", "person_id": 1, "camera_id": 1}"#
    static let gallery = #"{"set": "gallery", "person_id": 1, "camera_id": 2}"#

    @Test(arguments: ["<f4", "<f8"], ["False", "True"])
    func `an array and its manifest are scored as the set they hold`(type: String, order: String) throws {
        let set = try #require(ProtocolCase.load().last).set
        // Queries and gallery alternate, so that only the manifest shows which is which.
        let rows = (0..<set.gallery.count).flatMap { place in
            [("gallery", set.gallery, set.gallerySightings), ("query", set.query, set.querySightings)]
                .filter { place < $0.1.count }.map { (name: $0.0, values: $0.1[place], seen: $0.2[place]) }
        }
        let (count, columns) = (set.query.count + set.gallery.count, set.query.dimensions)
        try #require(rows.count == count)
        let values =
            order == "True"
            ? (0..<columns).flatMap { column in rows.map { $0.values[column] } } : rows.flatMap(\.values)
        let read = try LabeledArray(
            values.map(Double.init), shape: "(\(count), \(columns))", type: type, order: order,
            lines: rows.map {
                #"{"set": "\#($0.name)", "person_id": \#($0.seen.person), "camera_id": \#($0.seen.camera)}"#
            }
        ).read()
        #expect((0..<set.query.count).allSatisfy { read.query[$0] == set.query[$0] })
        #expect((0..<set.gallery.count).allSatisfy { read.gallery[$0] == set.gallery[$0] })
        #expect(try EvaluationProtocol().score(read) == EvaluationProtocol().score(set))
    }

    @Test func `people and cameras are named by strings or integers`() throws {
        let set = try LabeledArray(
            Array(repeating: 1, count: 14), shape: "(7, 2)",
            lines: [
                #"{"set": "query", "person_id": "anna", "camera_id": "door", "image": "a.jpg", "box": [0, 0, 9, 9]}"#,
                "",
                #"{"set": "gallery", "person_id": "7", "camera_id": 3}"#,
                #"{"set": "gallery", "person_id": 7, "camera_id": "3"}"#,
                #"{"set": "gallery", "person_id": -1, "camera_id": "door"}"#,
                #"{"set": "gallery", "person_id": "-1", "camera_id": 3}"#,
                #"{"set": "gallery", "person_id": 0, "camera_id": "gate"}"#,
                #"{"set": "query", "person_id": "0000", "camera_id": 3}"#, "",
            ]
        ).read()
        #expect(set.querySightings == [Sighting(person: 1, camera: 1), Sighting(person: 0, camera: 2)])
        #expect(set.gallerySightings.map(\.person) == [2, 2, Sighting.junkPerson, Sighting.junkPerson, 0])
        #expect(set.gallerySightings.map(\.camera) == [2, 2, 1, 2, 3])
    }

    @Test(arguments: [
        (#"{"set": "train", "person_id": 1, "camera_id": 1}"#, #"has a set that is not "query" or "gallery""#),
        (#"{"person_id": 1, "camera_id": 1}"#, "lacks set"),
        (#"{"set": "query", "camera_id": 1}"#, "lacks person_id"),
        (#"{"set": "query", "person_id": 1, "camera_id": null}"#, "lacks camera_id"),
        (
            #"{"set": "query", "person_id": 1.5, "camera_id": 1}"#,
            "has a person_id that is not an integer or a string that is not empty"
        ),
        (
            #"{"set": "query", "person_id": 1, "camera_id": ""}"#,
            "has a camera_id that is not an integer or a string that is not empty"
        ),
        (
            #"{"set": "query", "person": 1, "camera": 1}"#,
            #"has the unknown member "camera"; known are image, external_id, person_id, camera_id, captured_at, box, set"#
        ),
        ("query 1 1", "is not a JSON object in UTF-8"), (#"["query", 1, 1]"#, "is not a JSON object in UTF-8"),
    ])
    func `a line that is none is refused by its number`(line: String, reason: String) throws {
        let array = try LabeledArray([1, 0, 0, 1], shape: "(2, 2)", lines: [Self.gallery, "", line])
        #expect(array.refusal == "DIR/f.ndjson, line 3: the line \(reason)")
    }

    @Test(arguments: [
        ([query], "DIR/f.ndjson must have 2 lines, one for each row, and has 1"),
        ([query, gallery, gallery], "DIR/f.ndjson must have 2 lines, one for each row, and has 3"),
        ([gallery, gallery], "DIR/f.ndjson must have a line of the set query, and has none"),
        ([query, query], "DIR/f.ndjson must have a line of the set gallery, and has none"),
    ])
    func `lines that do not fit the rows are refused`(lines: [String], reason: String) throws {
        #expect(try LabeledArray([1, 0, 0, 1], shape: "(2, 2)", lines: lines).refusal == reason)
    }

    @Test(
        arguments: [
            ([1, 0, 0, 1], "(4,)", "<f4", "the array must be rows [n, dimensions], and is [4]"),
            ([1, 0, 0, 1], "(2, 2, 1)", "<f4", "the array must be rows [n, dimensions], and is [2, 2, 1]"),
            ([], "(2, 0)", "<f4", "the array must be rows [n, dimensions], and is [2, 0]"),
            ([1, 0, 0, 1], "(2, 2)", ">f4", "the element type >f4 is not read, only <f4 and <f8"),
            ([1, 0, 0, 1], "(2, 2)", "<i4", "the element type <i4 is not read, only <f4 and <f8"),
            ([1, 0, 0, .nan], "(2, 2)", "<f4", "feature row 1 contains NaN or an infinity"),
            ([.infinity, 0, 0, 1], "(2, 2)", "<f8", "feature row 0 contains NaN or an infinity"),
            ([1, 0, 1e39, 1], "(2, 2)", "<f8", "element 2 does not fit float32"),
        ] as [([Double], String, String, String)])
    func `an array that is no matrix of finite numbers is refused`(
        values: [Double], shape: String, type: String, reason: String
    ) throws {
        let array = try LabeledArray(values, shape: shape, type: type, lines: [Self.query, Self.gallery])
        #expect(array.refusal == reason)
    }

    @Test func `an array that is cut short is refused`() throws {
        let array = try LabeledArray([1, 0, 0, 1], shape: "(2, 2)", removing: 1, lines: [Self.query, Self.gallery])
        #expect(array.refusal == "an array of shape [2, 2] needs 16 bytes, the file has 15")
    }
}
