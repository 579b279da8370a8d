import Foundation
import Imaging
import Testing

/// The whole service as a process, asked by curl and by its own command line.
@Suite(.serialized) struct ServeTests {
    let folder: TemporaryFolder
    let model: String
    let data: String

    init() throws {
        folder = try TemporaryFolder()
        model = folder.path("model.safetensors")
        data = folder.path("data")
        try SmallModel.write(to: model)
    }

    /// `count` different images in `folder`/images, Market-1501 style names.
    func drawImages(_ count: Int) throws -> String {
        let images = folder.path("images")
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
        for index in 0..<count {
            let pixels = (0..<32 * 96 * 3).map { UInt8(truncatingIfNeeded: ($0 / (index % 50 + 2)) * 37 + index) }
            let name =
                "\(String(format: "%04d", index / 2))_c\(index % 2 + 1)s1_\(String(format: "%06d", index))_01.png"
            try Data(RGBImage(width: 32, height: 96, pixels: pixels).png())
                .write(to: URL(fileURLWithPath: images + "/" + name))
        }
        return images
    }

    @Test func `a folder is enrolled, found again, and still there after a restart`() throws {
        let images = try drawImages(10)
        let first = try RunningService(data: data, model: model)
        let enrolled = try ReidProgram.run(
            "enroll", images, "--gallery", "lobby", "--create", "--admin", first.admin, "--token-file",
            first.tokenFile,
            "--json")
        try #require(enrolled.status == 0, "\(enrolled.errors)")
        let mode = try FileManager.default.attributesOfItem(atPath: first.tokenFile)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(first.terminate() == 0)

        let second = try RunningService(data: data, model: model)
        let query = images + "/0003_c1s1_000006_01.png"
        let (status, ranking) = try second.curl(
            "--data-binary", "@\(query)", "-H", "Content-Type: image/png",
            url: second.query + "/v1/galleries/lobby/search")
        #expect(status == 200)
        let best = try #require((ranking["results"] as? [[String: Any]])?.first)
        #expect(best["person_id"] as? String == "0003")
        #expect(best["camera_id"] as? String == "c1")
        #expect((best["distance"] as? Double).map { $0 < 1e-5 } == true)
        let table = try ReidProgram.run("search", query, "--gallery", "lobby", "--query", second.query)
        #expect(table.status == 0)
        #expect(table.output.split(separator: "\n").count == 11)
    }

    @Test(arguments: [false, true])
    func `health says whether the service is ready, also under TLS with a certificate for another name`(
        isSecure: Bool
    ) throws {
        var options: [String] = []
        if isSecure {
            let (certificate, key) = (folder.path("certificate.pem"), folder.path("key.pem"))
            let made = try ReidProgram.run(
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                "/CN=elsewhere", "-keyout", key, "-out", certificate, program: URL(fileURLWithPath: "/usr/bin/env"))
            try #require(made.status == 0, "\(made.errors)")
            options = ["--tls-certificate", certificate, "--tls-key", key]
        }
        let service = try RunningService(data: data, model: model, extra: options)
        #expect(service.query.hasPrefix(isSecure ? "https://" : "http://"))
        let ready = try ReidProgram.run("health", "--query", service.query)
        #expect(ready.status == 0 && ready.output.isEmpty, "\(ready.errors)")
        #expect(service.terminate() == 0)
        let gone = try ReidProgram.run("health", "--query", service.query)
        #expect(gone.status == 1 && gone.errors.contains(service.query))
    }

    @Test func `a batch that was accepted survives kill -9 and finishes with each item exactly once`() throws {
        let count = 300
        let images = try drawImages(count)
        var service = try RunningService(data: data, model: model)
        _ = try service.curl("-X", "PUT", url: service.admin + "/admin/v1/galleries/lobby")
        let tar = folder.path("batch.tar")
        let packed = try ReidProgram.run(["-cf", tar, "-C", images, "."], program: URL(fileURLWithPath: "/bin/tar"))
        try #require(packed.status == 0)
        let (accepted, batch) = try service.curl(
            "--data-binary", "@\(tar)", "-H", "Content-Type: application/x-tar",
            url: service.admin + "/admin/v1/galleries/lobby/batches")
        try #require(accepted == 202, "\(batch)")
        let id = try #require(batch["id"] as? String)
        var kills = 0
        var state: [String: Any] = [:]
        for _ in 0..<600 {
            state = try service.curl(url: service.admin + "/admin/v1/batches/\(id)").json
            if state["state"] as? String == "completed" { break }
            if kills < 3, (state["enrolled"] as? Int ?? 0) >= kills * 60 {
                service.kill()
                kills += 1
                service = try RunningService(data: data, model: model)
            }
            Thread.sleep(forTimeInterval: 0.05)
        }
        #expect(kills > 0)
        #expect(state["state"] as? String == "completed")
        #expect(state["enrolled"] as? Int == count)
        #expect(state["duplicate"] as? Int == 0 && state["failed"] as? Int == 0)
        #expect(service.terminate() == 0)
        let sqlite = try ReidProgram.run(
            [data + "/reid.sqlite", "select count(*), count(distinct sha256) from image"],
            program: URL(fileURLWithPath: "/usr/bin/sqlite3"))
        #expect(sqlite.output == "\(count)|\(count)\n")
    }

    @Test func `a standard output that takes nothing does not end the service`() throws {
        let folder = try TemporaryFolder()
        let program = try StartedProgram(
            [
                "-c", #"exec "$0" "$@" > /dev/full"#, ReidProgram.url.path, "serve", "--data", folder.path("data"),
                "--query-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0",
            ], program: URL(filePath: "/bin/sh"))
        try program.interrupt { $0.contains("dashboard: ") }
        let outcome = try program.end()
        #expect(outcome.status == 0 && outcome.errors.contains("the addresses are not printed"), "\(outcome.errors)")
        #expect(outcome.errors.hasSuffix("stopping\n"), "\(outcome.errors)")
    }

    @Test func `the admin listener answers nobody without the token, and neither listener the other's routes`() throws {
        let service = try RunningService(data: data, model: model)
        let anonymous = try ReidProgram.run(
            ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "PUT", service.admin + "/admin/v1/galleries/x"],
            program: URL(fileURLWithPath: "/usr/bin/curl"))
        #expect(anonymous.output == "401")
        #expect(try service.curl(url: service.query + "/admin/v1/batches").status == 404)
        #expect(try service.curl(url: service.admin + "/v1/galleries").status == 404)
        #expect(try service.curl(url: service.query + "/readyz").status == 200)
    }

    @Test func `a port in use, a second service on the data, and a bad model end with 1 and name the cause`() throws {
        let service = try RunningService(data: data, model: model)
        func fails(_ expected: String, _ arguments: String...) throws {
            let outcome = try ReidProgram.run(["serve"] + arguments)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains(expected), "\(outcome.errors)")
            #expect(outcome.output.isEmpty)
        }
        let busy = String(service.query.dropFirst("http://".count))
        let other = folder.path("other")
        try fails(
            busy, "--data", other, "--model", model, "--query-address", busy, "--admin-address", "127.0.0.1:0")
        try fails(
            data, "--data", data, "--model", model, "--query-address", "127.0.0.1:0", "--admin-address", "127.0.0.1:0")
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.path("bad.safetensors")))
        try fails("bad.safetensors", "--data", other, "--model", folder.path("bad.safetensors"))
        try Data().write(to: URL(fileURLWithPath: folder.path("file")))
        try fails(folder.path("file"), "--data", folder.path("file"), "--model", model)
    }

    @Test(arguments: [["--query-address", "0.0.0.0:0"], ["--require-tokens"]])
    func `for others than this machine, and where it is told to, the query listener asks for tokens`(
        arguments: [String]
    ) throws {
        let service = try RunningService(data: data, model: model, extra: arguments)
        let port = try #require(service.query.split(separator: ":").last)
        let url = "http://127.0.0.1:\(port)"
        func status(_ more: String...) throws -> String {
            try ReidProgram.run(
                ["-s", "-o", "/dev/null", "-w", "%{http_code}"] + more, program: URL(fileURLWithPath: "/usr/bin/curl")
            ).output
        }
        #expect(try status(url + "/v1/galleries") == "401")
        #expect(try status(url + "/livez") == "200")
        #expect(try service.curl(url: url + "/v1/galleries").status == 200)
        #expect(try status("-H", "Host: evil.example", url + "/livez") == "421")
        let refused = try ReidProgram.run("galleries", "list", "--query", url)
        #expect(refused.status == 1 && refused.errors.hasPrefix("reid: A token is needed: "))
        let listed = try ReidProgram.run("galleries", "list", "--query", url, "--token-file", service.tokenFile)
        #expect(listed.status == 0, "\(listed.errors)")
    }

    @Test func `a database of a newer version is refused and left as it was`() throws {
        #expect(try RunningService(data: data, model: model).terminate() == 0)
        let change = "insert into grdb_migrations (identifier) values ('9999 from the future')"
        let changed = try ReidProgram.run(
            [data + "/reid.sqlite", change], program: URL(fileURLWithPath: "/usr/bin/sqlite3"))
        try #require(changed.status == 0, "\(changed.errors)")
        let outcome = try ReidProgram.run(
            "serve", "--data", data, "--model", model, "--query-address", "127.0.0.1:0", "--admin-address",
            "127.0.0.1:0")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("newer") && outcome.errors.contains("reid.sqlite"))
    }

    @Test
    func `with nothing given, the images to try find the right person first, and a restart makes nothing again`()
        throws
    {
        let service = try RunningService(data: data, model: nil, extra: ["--demo"])
        // The gallery is there from the ready line on.
        #expect(try service.curl(url: service.query + "/v1/galleries/demo").json["images"] as? Int == 48)
        #expect(try service.curl(url: service.query + "/v1/model").json["trained"] as? Bool == true)
        let queries = try FileManager.default.contentsOfDirectory(atPath: data + "/demo").sorted()
        #expect(queries.count == 12)
        var right: [String] = []
        for query in queries {
            let (status, ranking) = try service.curl(
                "--data-binary", "@\(data)/demo/\(query)", "-H", "Content-Type: image/jpeg",
                url: service.query + "/v1/galleries/demo/search")
            #expect(status == 200)
            let best = (ranking["results"] as? [[String: Any]])?.first?["person_id"] as? String
            if let best, let number = Int(best), query == "person-\(number).jpg" { right.append(query) }
        }
        #expect(right.contains("person-1.jpg"))
        #expect(right.count >= 10, "\(right)")
        #expect(service.terminate() == 0)
        let again = try RunningService(data: data, model: nil, extra: ["--demo"])
        #expect(try again.curl(url: again.query + "/v1/galleries/demo").json["images"] as? Int == 48)
    }
}
