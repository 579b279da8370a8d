import Datasets
import Foundation
import Testing

@Suite struct PlainFolderTests {
    @Test func `the first image of a person by a camera is looked for in the others`() throws {
        let folder = try DrawnFolder([
            "anna/door_1.jpg", "anna/door_2.jpg", "anna/gate_1.jpg", "bert/door_1.png", "bert/gate_1.jpg",
            "bert/hall_1.bmp", "0000/door_7.jpg", "-1/gate_9.jpg",
        ])
        let task = try #require(try folder.read(.folder).tasks.first)
        // Cameras in the order of the names: -1 is first, at the gate.
        #expect(folder.described(task.queries) == ["1 2 anna/door_1.jpg", "2 2 bert/door_1.png"])
        #expect(
            folder.described(task.gallery) == [
                "-1 1 -1/gate_9.jpg", "0 2 0000/door_7.jpg", "1 2 anna/door_2.jpg", "1 1 anna/gate_1.jpg",
                "2 1 bert/gate_1.jpg", "2 3 bert/hall_1.bmp",
            ])
    }

    @Test func `every image of a known person can be a query among all images`() throws {
        let folder = try DrawnFolder(["anna/door_1.jpg", "anna/door_2.jpg", "bert/gate_1.jpg", "0000/door_7.jpg"])
        var options = TestSet.Options()
        options.queriesEveryImage = true
        let task = try #require(try folder.read(.folder, options).tasks.first)
        #expect(
            folder.described(task.queries) == ["1 1 anna/door_1.jpg", "1 1 anna/door_2.jpg", "2 2 bert/gate_1.jpg"])
        #expect(folder.described(task.gallery) == ["0 1 0000/door_7.jpg"] + folder.described(task.queries))
        try folder.write([], to: "query/anna/door_1.jpg")
        #expect(throws: DatasetError.hasQueries(folder: folder.path)) { try folder.read(.folder, options) }
    }

    @Test func `folders of queries and gallery are taken as they are`() throws {
        let folder = try DrawnFolder(
            ["query/anna/door_1.jpg", "gallery/bert/door_1.jpg", "gallery/anna/gate_1.jpg"])
        let task = try #require(try folder.read(.folder).tasks.first)
        #expect(folder.described(task.queries) == ["1 1 query/anna/door_1.jpg"])
        #expect(folder.described(task.gallery) == ["1 2 gallery/anna/gate_1.jpg", "2 1 gallery/bert/door_1.jpg"])
        try folder.remove("query")
        #expect(folder.refusal(.folder)?.hasPrefix("DIR/query: expected a folder") == true)
    }

    @Test func `names as in Market-1501 need no folders`() throws {
        let folder = try DrawnFolder(["0002_c1s1_000451_03.jpg", "0002_c2s1_000001_01.jpg", "-1_c1s1_1_1.jpg"])
        let task = try #require(try folder.read(.folder).tasks.first)
        #expect(folder.described(task.queries) == ["1 1 0002_c1s1_000451_03.jpg"])
        #expect(folder.described(task.gallery) == ["-1 1 -1_c1s1_1_1.jpg", "1 2 0002_c2s1_000001_01.jpg"])
    }

    @Test func `a manifest says who is where`() throws {
        let manifest = """
            {"image": "a.jpg", "person_id": "anna", "camera_id": "door", "captured_at": "2026-11-22T10:00:00Z"}
            {"image": "sub/b.jpg", "person_id": "anna", "camera_id": "gate", "external_id": "x", "box": [1, 2, 3, 4]}

            {"image": "c.jpg"}
            """
        let folder = try DrawnFolder(
            ["a.jpg", "sub/b.jpg", "c.jpg", "d.jpg"], texts: ["manifest.ndjson": manifest])
        let task = try #require(try folder.read(.folder).tasks.first)
        #expect(folder.described(task.queries) == ["1 1 a.jpg"])
        #expect(folder.described(task.gallery) == ["1 2 sub/b.jpg", "0 -1 c.jpg"])
        let box = try #require(task.gallery[0].box)
        #expect(box.x == 1 && box.y == 2 && box.width == 3 && box.height == 4)
    }

    @Test func `a byte order mark before a manifest is skipped`() throws {
        let manifest = "\u{FEFF}" + #"{"image": "a.jpg", "person_id": "anna", "camera_id": "door"}"#
        let folder = try DrawnFolder(["a.jpg"], texts: ["manifest.ndjson": manifest])
        #expect(folder.refusal(.folder)?.contains("manifest.ndjson") != true)
    }

    @Test(arguments: [
        (
            #"{"image": "a.jpg", "age": 3}"#,
            #"the line has the unknown member "age"; known are image, external_id, person_id, camera_id, captured_at, box"#
        ),
        (#"{"person_id": "anna"}"#, "the line lacks image"),
        (#"{"image": "../a.jpg"}"#, "the line has an image that is not a file of the folder"),
        (#"{"image": "/etc/passwd"}"#, "the line has an image that is not a file of the folder"),
        (#"{"image": "a.jpg", "person_id": 7}"#, "the line has a person_id that is not a string"),
        (
            #"{"image": "a.jpg", "box": [0, 0, 0, 5]}"#,
            "the line has a box that has a negative corner or an empty side"
        ),
        (
            #"{"image": "a.jpg", "box": [0, 0, 5]}"#,
            "the line has a box that is not four integers [x, y, width, height]"
        ),
        (#"{"image": "a.jpg", "image": "a.jpg"}"#, #"the line has the member "image" more than once"#),
        (#"{"image": "a.jpg",}"#, #"the line has a comma after the member "image" that nothing follows"#),
        ("nonsense", "the line is not a JSON object in UTF-8"), ("[]", "the line is not a JSON object in UTF-8"),
    ])
    func `a line that is none is refused by its number`(line: String, reason: String) throws {
        let folder = try DrawnFolder(["a.jpg"], texts: ["manifest.ndjson": #"{"image": "a.jpg"}"# + "\n" + line])
        #expect(folder.refusal(.folder) == "DIR/manifest.ndjson, line 2: \(reason)")
    }

    @Test func `what is missing is named`() throws {
        let folder = try DrawnFolder([], texts: ["manifest.ndjson": #"{"image": "a.jpg"}"#])
        #expect(folder.refusal(.folder) == "DIR/a.jpg: expected this image, which DIR/manifest.ndjson names")
        try folder.write([], to: "manifest.ndjson")
        #expect(folder.refusal(.folder)?.hasPrefix("DIR: expected images") == true)
        try folder.remove("manifest.ndjson")
        #expect(
            folder.refusal(.folder)
                == "DIR: expected images such as PERSON/CAMERA_anything.jpg, or a manifest.ndjson, and there are none"
        )
        try folder.write([], to: "anna/door.jpg")
        #expect(folder.refusal(.folder) == "DIR/anna/door.jpg: expected a name such as CAMERA_anything.jpg")
    }
}
