import Foundation
import Imaging
import TensorFiles
import Tensors
import Testing

/// The commands that ask a running service, against one with images whose metadata are known.
@Suite(.serialized) struct ClientTests {
    let folder: TemporaryFolder
    let service: RunningService

    init() throws {
        folder = try TemporaryFolder()
        try SmallModel.write(to: folder.path("model.safetensors"))
        service = try RunningService(data: folder.path("data"), model: folder.path("model.safetensors"))
    }

    /// The manifest's metadata of image `index`: persons of two images, cameras in turn, one minute apart.
    static func seen(_ index: Int) -> (person: String, camera: String, time: String) {
        ("p\(index / 2)", "c\(index % 3 + 1)", "2026-03-02T08:0\(index % 10):00Z")
    }

    /// A folder of `count` different images, 0.png and so on, with a manifest.
    func draw(_ count: Int) throws -> String {
        let images = folder.path("images")
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
        var manifest = ""
        for index in 0..<count {
            let pixels = (0..<32 * 96 * 3).map { UInt8(truncatingIfNeeded: ($0 / (index % 50 + 2)) * 37 + index) }
            try Data(RGBImage(width: 32, height: 96, pixels: pixels).png())
                .write(to: URL(fileURLWithPath: "\(images)/\(index).png"))
            let (person, camera, time) = Self.seen(index)
            manifest +=
                #"{"image": "\#(index).png", "person_id": "\#(person)", "camera_id": "\#(camera)", "#
                + #""captured_at": "\#(time)", "external_id": "e\#(index)"}"# + "\n"
        }
        try Data(manifest.utf8).write(to: URL(fileURLWithPath: images + "/manifest.ndjson"))
        return images
    }

    func admin(_ arguments: String...) throws -> ReidProgram.Outcome {
        try ReidProgram.run(arguments + ["--admin", service.admin, "--token-file", service.tokenFile])
    }

    func query(_ arguments: [String]) throws -> ReidProgram.Outcome {
        try ReidProgram.run(arguments + ["--query", service.query])
    }

    /// The JSON object that a command prints, which has to end with 0.
    func object(_ outcome: ReidProgram.Outcome) throws -> [String: Any] {
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
    }

    func items(_ outcome: ReidProgram.Outcome) throws -> [[String: Any]] {
        try #require(try object(outcome)["items"] as? [[String: Any]])
    }

    /// Enrolls `count` images into the gallery lobby; the batch's id.
    @discardableResult
    func enroll(_ count: Int) throws -> String {
        let images = try draw(count)
        let batch = try object(try admin("enroll", images, "--gallery", "lobby", "--create", "--json"))
        #expect(batch["enrolled"] as? Int == count)
        return try #require(batch["id"] as? String)
    }

    @Test func `embeddings are enrolled from a file, as safetensors or as lines`() throws {
        _ = try admin("galleries", "create", "lobby")
        let shown = try #require(
            try object(try ReidProgram.run(["model", "show", folder.path("model.safetensors"), "--json"]))["dimensions"]
                as? Int)
        let gallery = try object(query(["galleries", "show", "lobby", "--json"]))
        let model = try #require(gallery["model"] as? String)
        let values = (0..<2 * shown).map { Float($0 % 7 - 3) }
        try SafetensorsWriter.write(
            [("embeddings", .floats(Tensor(shape: [2, shown], elements: values)))],
            metadata: ["model": model], to: folder.path("two.safetensors"))
        let line = #"{"model": "\#(model)", "embedding": \#(Array(values.prefix(shown)))}"#
        try Data(line.utf8).write(to: URL(fileURLWithPath: folder.path("one.ndjson")))
        let two = try object(try admin("enroll", folder.path("two.safetensors"), "--gallery", "lobby", "--json"))
        #expect(two["enrolled"] as? Int == 2 && two["kind"] as? String == "safetensors")
        let one = try object(try admin("enroll", folder.path("one.ndjson"), "--gallery", "lobby", "--json"))
        #expect(one["duplicate"] as? Int == 1 && one["kind"] as? String == "ndjson")
    }

    @Test func `files and enrolled images are compared, and the same image is no distance from itself`() throws {
        try enroll(4)
        let ids = try items(try query(["images", "list", "lobby", "--json"])).compactMap { $0["image_id"] as? String }
        let files = (0..<2).map { folder.path("images/\($0).png") }
        for pair in [[files[0], ids[0]], [ids[0], files[0]], [ids[1], ids[1]], [files[1], files[1]]] {
            let same = try object(query(["compare"] + pair + ["--json"]))
            #expect(try #require(same["distance"] as? Double) < 1e-4, "\(pair)")
        }
        let other = try query(["compare", files[0], ids[1]])
        #expect(other.status == 0 && other.output.contains("similarity") && other.output.contains("lobby"))
        #expect(other.errors.contains("no probability: ") && other.errors.contains("/lobby/calibrate"))
        let alone = try query(["compare"] + files)
        #expect(alone.status == 0 && alone.errors.contains("No gallery is named"))
        let cameras = ["--gallery", "lobby", "--query-camera", "c1", "--other-camera", "c2", "--camera-normalization"]
        #expect(try query(["compare"] + files + cameras).output.contains("lobby"))
        let missing = try query(["compare", files[0], "i_none"])
        #expect(missing.status == 1 && missing.errors.hasPrefix("reid: Not found: "))
        let refused = try query(["compare", ids[0], ids[1], "--query-camera", "c1"])
        #expect(refused.status == 1 && refused.errors.contains("'query_camera' must be absent"))
    }

    @Test func `a batch is watched by its id, to its end and item by item`() throws {
        let images = try draw(8)
        _ = try admin("galleries", "create", "lobby")
        let accepted = try admin("enroll", images, "--gallery", "lobby", "--no-wait")
        try #require(accepted.status == 0, "\(accepted.errors)")
        let id = try #require(accepted.output.split(separator: " ").first.map(String.init))
        var batch: [String: Any] = [:]
        for _ in 0..<600 where batch["state"] as? String != "completed" {
            batch = try object(try admin("batches", "show", id, "--json"))
            usleep(20_000)
        }
        #expect(batch["enrolled"] as? Int == 8 && batch["received"] as? Int == 8)
        let shown = try admin("batches", "show", id)
        #expect(shown.output.contains(id) && shown.output.contains("completed"))
        #expect(try items(try admin("batches", "list", "--json")).map { $0["id"] as? String } == [id])
        #expect(try admin("batches", "list").output.contains(id))

        let first = try object(try admin("batches", "items", id, "--limit", "3", "--json"))
        let next = try #require(first["next"] as? String)
        let rest = try items(try admin("batches", "items", id, "--cursor", next, "--json"))
        let all = try #require(first["items"] as? [[String: Any]]) + rest
        #expect(all.map { $0["index"] as? Int } == Array(0..<8))
        #expect(all.map { $0["image"] as? String } == (0..<8).map { "\($0).png" })
        #expect(try items(try admin("batches", "items", id, "--state", "failed", "--json")).isEmpty)
        let table = try admin("batches", "items", id, "--limit", "3")
        #expect(table.output.split(separator: "\n").count == 4 && table.errors.contains("--cursor \(next)"))

        let late = try admin("batches", "cancel", id)
        #expect(late.status == 1 && late.errors.contains("Not in this state of the batch"))
        let missing = try admin("batches", "show", "b_none")
        #expect(
            missing.status == 1 && missing.errors.hasPrefix("reid: Not found: ") && missing.errors.contains("b_none"))
    }

    @Test func `an interrupted enroll ends with 130 and names the batch, which goes on and can be cancelled`() throws {
        let images = try draw(400)
        let run = try StartedProgram([
            "enroll", images, "--gallery", "lobby", "--create", "--admin", service.admin, "--token-file",
            service.tokenFile,
        ])
        try run.interrupt { $0.contains("batch b_") }
        let outcome = try run.end()
        #expect(outcome.status == 130, "\(outcome.errors)")
        let id = try #require(try items(try admin("batches", "list", "--json")).first?["id"] as? String)
        #expect(outcome.errors.hasPrefix("batch \(id)\n"))
        #expect(outcome.errors.contains("batch \(id) continues in the service"))
        let cancelled = try object(try admin("batches", "cancel", id, "--json"))
        #expect(cancelled["cancel_requested"] as? Bool == true)
        var batch = cancelled
        for _ in 0..<600 where batch["state"] as? String != "cancelled" {
            batch = try object(try admin("batches", "show", id, "--json"))
            usleep(20_000)
        }
        let enrolled = try #require(batch["enrolled"] as? Int)
        #expect(batch["state"] as? String == "cancelled" && enrolled < 400)
    }

    @Test func `galleries are created, listed, shown, and deleted only on purpose`() throws {
        try enroll(6)
        #expect(try admin("galleries", "create", "yard").status == 0)
        #expect(try admin("galleries", "create", "yard").status == 0)
        let galleries = try items(try query(["galleries", "list", "--json"]))
        #expect(galleries.map { $0["name"] as? String } == ["lobby", "yard"])
        #expect(galleries.map { $0["images"] as? Int } == [6, 0])
        let shown = try query(["galleries", "show", "lobby"])
        #expect(shown.output.contains("c1, c2, c3") && shown.output.contains("2026-03-02T08:05:00Z"))
        #expect(try object(try query(["galleries", "show", "lobby", "--json"]))["people"] as? Int == 3)

        let changed = try admin("galleries", "change", "lobby", "--no-camera-normalization")
        #expect(changed.status == 0 && changed.output.contains("off"), "\(changed.errors)")
        #expect(
            try object(try query(["galleries", "show", "lobby", "--json"]))["camera_normalization"] as? Bool == false)
        #expect(try admin("galleries", "change", "lobby").status == 64, "nothing to change")
        let unasked = try admin("galleries", "delete", "lobby")
        #expect(unasked.status == 64 && unasked.errors.contains("--yes"))
        for id in ["..", "../galleries/lobby", "."] {
            #expect(try admin("images", "delete", id, "--yes").status == 1)
        }
        #expect(try query(["galleries", "show", "lobby"]).status == 0)
        #expect(try admin("galleries", "delete", "lobby", "--yes").status == 0)
        let gone = try query(["galleries", "show", "lobby"])
        #expect(gone.status == 1 && gone.errors.hasPrefix("reid: Not found: ") && gone.errors.contains("lobby"))
        let refused = try admin("galleries", "create", "Lobby Two")
        #expect(refused.status == 1 && refused.errors.contains("lowercase"))
    }

    @Test func `a token is made, does what it may, is listed without its secret, and deleted`() throws {
        #expect(try admin("galleries", "create", "yard").status == 0)
        let made = try admin("tokens", "create", "ingest", "--scope", "enroll", "--gallery", "lob*")
        let secret = made.output.trimmingCharacters(in: .newlines)
        #expect(made.status == 0 && secret.hasPrefix("reid_") && !made.errors.contains(secret))
        try Data(made.output.utf8).write(to: URL(fileURLWithPath: folder.path("ingest")))
        func ingest(_ arguments: String...) throws -> ReidProgram.Outcome {
            try ReidProgram.run(arguments + ["--admin", service.admin, "--token-file", folder.path("ingest")])
        }
        #expect(try ingest("batches", "list").status == 0)
        let forbidden = try ingest("galleries", "create", "lobby")
        #expect(forbidden.status == 1 && forbidden.errors.contains("'admin'"))
        let listed = try items(try admin("tokens", "list", "--json"))
        #expect(listed.map { $0["name"] as? String } == ["admin-token", "ingest"])
        #expect(try !admin("tokens", "list").output.contains(secret))
        let id = try #require(listed[1]["id"] as? String)
        #expect(try admin("tokens", "delete", id, "--yes").status == 0)
        #expect(try ingest("batches", "list").errors.hasPrefix("reid: A token is needed: "))
        let whole = try object(
            try admin(
                "tokens", "create", "desk", "--scope", "query", "--scope", "enroll", "--expires",
                "2099-01-01T00:00:00Z", "--json"))
        #expect(whole["scopes"] as? [String] == ["query", "enroll"] && whole["galleries"] is NSNull)
        #expect(whole["expires_at"] as? String == "2099-01-01T00:00:00Z")
        let wrong = try admin("tokens", "create", "x", "--scope", "root")
        #expect(wrong.status == 1 && wrong.errors.contains("'query', 'enroll', 'admin'"))
    }

    @Test(arguments: [("n\n", true), ("\n", true), ("y\n", false), ("yes\n", false)])
    func `at a terminal a deletion asks first`(answer: String, isKept: Bool) throws {
        #expect(try admin("galleries", "create", "yard").status == 0)
        try Data(answer.utf8).write(to: URL(fileURLWithPath: folder.path("typed")))
        let command = [
            ReidProgram.url.path, "galleries", "delete", "yard", "--admin", service.admin, "--token-file",
            service.tokenFile,
        ].map { "'\($0)'" }.joined(separator: " ")
        // script runs a command at a terminal of its own.
        let outcome = try ReidProgram.run(
            ["-qec", command, "/dev/null"], program: URL(fileURLWithPath: "/usr/bin/script"),
            input: FileHandle(forReadingFrom: URL(fileURLWithPath: folder.path("typed"))))
        #expect(outcome.output.contains("Delete the gallery yard with all its images for good? [y/N]"))
        #expect(outcome.status == (isKept ? 1 : 0))
        #expect(try query(["galleries", "show", "yard"]).status == (isKept ? 0 : 1))
    }

    /// Filters of a listing or a search, and which of the images 0...8 they let through.
    static let filters: [(arguments: [String], indices: [Int])] = [
        ([], Array(0..<9)), (["--camera", "c1"], [0, 3, 6]),
        (["--camera", "c1", "--camera", "c3"], [0, 2, 3, 5, 6, 8]),
        (["--exclude-camera", "c1"], [1, 2, 4, 5, 7, 8]), (["--person", "p1"], [2, 3]), (["--external-id", "e4"], [4]),
        (["--captured-from", "2026-03-02T08:06:00Z"], [6, 7, 8]), (["--captured-to", "2026-03-02T08:01:00Z"], [0, 1]),
        (["--camera", "c2", "--captured-from", "2026-03-02T08:02:00Z", "--captured-to", "2026-03-02T08:05:00Z"], [4]),
    ]

    @Test func `listings and searches have the service's filters`() throws {
        try enroll(9)
        for (arguments, indices) in Self.filters {
            let listed = try items(try query(["images", "list", "lobby", "--json"] + arguments))
            #expect(listed.compactMap { $0["external_id"] as? String }.sorted() == indices.map { "e\($0)" })
            let search = ["search", folder.path("images/4.png"), "--gallery", "lobby", "--json"]
            let results = try #require(try object(try query(search + arguments))["results"] as? [[String: Any]])
            #expect(results.compactMap { $0["external_id"] as? String }.sorted() == indices.map { "e\($0)" })
        }
        let page = try query(["images", "list", "lobby", "--limit", "4"])
        #expect(page.output.split(separator: "\n").count == 5 && page.errors.contains("there are more"))
    }

    @Test func `an image is shown and deleted by its id`() throws {
        try enroll(3)
        let image = try #require(try items(try query(["images", "list", "lobby", "--person", "p1", "--json"])).first)
        let id = try #require(image["image_id"] as? String)
        #expect(try object(try query(["images", "show", id, "--json"])) as NSDictionary == image as NSDictionary)
        let shown = try query(["images", "show", id]).output
        for fact in [id, "p1", "c3", "2026-03-02T08:02:00Z", "e2", "32x96", "image/png"] {
            #expect(shown.contains(fact))
        }
        #expect(try admin("images", "delete", id, "--yes").status == 0)
        #expect(try query(["images", "show", id]).status == 1)
        #expect(try items(try query(["images", "list", "lobby", "--json"])).count == 2)
    }

    @Test func `images of a gallery are deleted by filters, and their number is printed`() throws {
        try enroll(9)
        let ids = try items(try query(["images", "list", "lobby", "--json"])).compactMap { $0["image_id"] as? String }
        let deleted = try admin(
            "images", "delete", "lobby", "--camera", "c1", "--captured-to", "2026-03-02T08:05:00Z", "--yes")
        #expect(deleted.status == 0 && deleted.output == "deleted 2 images of the gallery lobby\n", "\(deleted.errors)")
        let byID = try admin("images", "delete", "lobby", "--id", ids[1], "--id", ids[2], "--person", "p0", "--yes")
        #expect(byID.output == "deleted 1 images of the gallery lobby\n", "\(byID.errors)")
        let left = try items(try query(["images", "list", "lobby", "--json"]))
        #expect(left.compactMap { $0["external_id"] as? String } == ["e2", "e4", "e5", "e6", "e7", "e8"])
        let unasked = try admin("images", "delete", "lobby", "--camera", "c2")
        #expect(unasked.status == 64 && unasked.errors.contains("--yes"))
        #expect(try admin("images", "delete", "lobby", "--yes").status == 1, "a gallery's name alone is no image")
        #expect(try items(try query(["images", "list", "lobby", "--json"])).count == 6)
    }

    @Test func `every option of a search reaches the service, and those not given are the service's own`() throws {
        try enroll(6)
        let image = folder.path("images/1.png")
        let given = try object(
            try query([
                "search", image, "--gallery", "lobby", "--json", "--limit", "7", "--no-rerank", "--candidates", "70",
                "--k1", "9", "--k2",
                "4", "--lambda", "0.25", "--camera", "c1", "--camera", "c2", "--exclude-camera", "c3",
                "--captured-from",
                "2026-03-02T08:00:00Z", "--captured-to", "2026-03-02T09:00:00Z", "--person", "p0", "--external-id",
                "e1",
                "--min-similarity", "-0.5", "--group-by", "person", "--include-vectors", "--query-camera", "c1",
                "--no-camera-normalization",
            ]))
        let expected: [String: Any] = [
            "limit": 7, "rerank": false, "candidates": 70, "k1": 9, "k2": 4, "lambda": 0.25, "camera": ["c1", "c2"],
            "exclude_camera": ["c3"], "captured_from": "2026-03-02T08:00:00Z", "captured_to": "2026-03-02T09:00:00Z",
            "person": "p0", "external_id": "e1", "min_similarity": -0.5, "group_by": "person", "include_vectors": true,
            "query_camera": "c1", "camera_normalization": false,
        ]
        #expect(try #require(given["options"] as? [String: Any]) as NSDictionary == expected as NSDictionary)
        let plain = try object(try query(["search", image, "--gallery", "lobby", "--json"]))
        let (status, own) = try service.curl(
            "--data-binary", "@\(image)", "-H", "Content-Type: image/png",
            url: service.query + "/v1/galleries/lobby/search")
        #expect(status == 200)
        #expect(
            try #require(plain["options"] as? [String: Any]) as NSDictionary
                == #require(own["options"] as? [String: Any]) as NSDictionary)
        let normalized = try query(["search", image, "--gallery", "lobby", "--camera-normalization"])
        #expect(normalized.errors.contains("no camera has enough images"), "\(normalized.errors)")
        let people = try query(["search", image, "--gallery", "lobby", "--group-by", "person"])
        #expect(people.output.split(separator: "\n").count == 4)
    }

    @Test func `several images are searched with as one person`() throws {
        try enroll(6)
        let images = [0, 5].map { folder.path("images/\($0).png") }
        let found = try object(try query(["search"] + images + ["--gallery", "lobby", "--json"]))
        let (status, expected) = try service.curl(
            "-F", "image=@\(images[0])", "-F", "image=@\(images[1])",
            url: service.query + "/v1/galleries/lobby/search")
        #expect(status == 200)
        #expect(
            try #require(found["results"] as? NSArray) == #require(expected["results"] as? NSArray))
        let single = try object(try query(["search", images[0], "--gallery", "lobby", "--json"]))
        #expect(try #require(single["results"] as? NSArray) != #require(expected["results"] as? NSArray))
        try Data("no image".utf8).write(to: URL(fileURLWithPath: folder.path("text.jpg")))
        let broken = try query(["search", images[0], folder.path("text.jpg"), "--gallery", "lobby"])
        #expect(broken.status == 1 && broken.errors.contains("Image 2 of 2"))
    }
}
