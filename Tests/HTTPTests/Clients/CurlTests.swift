import Foundation
import HTTPTypes
import Testing

@testable import HTTP

/// The server as curl sees it.
@Suite(.overBothStreams) struct CurlTests {
    /// Runs curl and returns what it prints.
    private func curl(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["curl", "--silent", "--show-error", "--max-time", "60", "--noproxy", "*"] + Transport.current.curlOptions
            + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "curl \(arguments) ended with \(process.terminationStatus)")
        return String(decoding: data, as: UTF8.self)
    }

    @Test func `several requests share one connection`() throws {
        try withServer { server, address in
            let url = "\(Transport.current.scheme)://\(address)/items/a?x=%C3%A9"
            let printed = try curl([url, url, url])
            #expect(printed == String(repeating: "a|[\"x=é\"]|127.0.0.1", count: 3))
            #expect(server.counters.connectionsAccepted == 1)
        }
    }

    @Test(arguments: [[], ["--header", "Transfer-Encoding: chunked"], ["--http1.0"]])
    func `a big upload arrives whole, after 100 Continue`(options: [String]) throws {
        let folder = try TemporaryFolder()
        let body = someBytes(8 << 20)
        try Data(body).write(to: URL(fileURLWithPath: folder.path + "/upload"))
        try withServer { _, address in
            let arguments =
                options + ["--data-binary", "@\(folder.path)/upload", "\(Transport.current.scheme)://\(address)/job"]
            let printed = try curl(arguments)
            #expect(printed == "file \(body.count) \(checksum(body))")
        }
    }

    @Test func `a refused upload's answer is seen`() throws {
        let folder = try TemporaryFolder()
        try Data(count: 3 << 20).write(to: URL(fileURLWithPath: folder.path + "/upload"))
        try withServer { _, address in
            for expect in ["Expect:", "Expect: 100-continue"] {
                let status = try curl([
                    "--header", expect, "--data-binary", "@\(folder.path)/upload", "--output", "/dev/null",
                    "--write-out", "%{http_code}", "\(Transport.current.scheme)://\(address)/needs",
                ])
                #expect(status == "413")
            }
        }
    }

    @Test func `HEAD has the length of GET and no body`() throws {
        try withServer { _, address in
            let head = try curl(["--head", "\(Transport.current.scheme)://\(address)/hello"])
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n") && head.contains("\r\nContent-Length: 5\r\n"))
        }
    }

    @Test func `a chunked reply is put together`() throws {
        try withServer { _, address in
            let printed = try curl(["\(Transport.current.scheme)://\(address)/stream"])
            #expect(printed == "onetwothree")
        }
    }

    @Test func `a form with a file is read part by part`() throws {
        let folder = try TemporaryFolder()
        try folder.write(String(repeating: "image\r\n", count: 400_000), to: "big image.jpg")
        var router = Router()
        router.add(
            Route(.post, "/form", access: .anyone, bodyLimit: 1 << 30) { request in
                let boundary = try #require(MultipartReader.boundary(ofContentType: request.fields[.contentType]))
                var reader = try MultipartReader(request.body, boundary: boundary)
                var lines: [String] = []
                while let part = try reader.next() {
                    let bytes = try reader.bytes(of: part, limit: 1 << 30)
                    lines.append(
                        "\(part.name)|\(part.filename ?? "-")|\(part.contentType?.essence ?? "-")|\(bytes.count)")
                }
                return text(lines.joined(separator: "\n"))
            })
        try withServer(router) { _, address in
            let printed = try curl([
                "--form", "options={}", "--form", "image=@\"\(folder.path)/big image.jpg\";type=image/jpeg",
                "\(Transport.current.scheme)://\(address)/form",
            ])
            #expect(printed == "options|-|-|2\nimage|big image.jpg|image/jpeg|2800000")
        }
    }
}
