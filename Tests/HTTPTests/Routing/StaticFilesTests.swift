import Foundation
import HTTPTypes
import Testing

@testable import HTTP

@Suite struct StaticFilesTests {
    let folder: TemporaryFolder
    let files: StaticFiles

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("secret", to: "secret.txt")
        try folder.write("<p>home", to: "public/index.html")
        try folder.write("<p>sub", to: "public/sub/index.html")
        try folder.write("let a", to: "public/app.js")
        try folder.write("é", to: "public/caf\u{e9} 1.css")
        try folder.write("hidden", to: "public/.hidden")
        try folder.write("hidden", to: "public/.git/config")
        let manager = FileManager.default
        let root = folder.path + "/public"
        try manager.createSymbolicLink(atPath: root + "/out.txt", withDestinationPath: "../secret.txt")
        try manager.createSymbolicLink(atPath: root + "/up", withDestinationPath: "..")
        files = try StaticFiles(folder: root)
    }

    @Test func `a folder that is not there is named in words`() {
        let error = #expect(throws: BodyFileError.self) { try StaticFiles(folder: "/nowhere") }
        #expect(error?.description == "cannot open /nowhere: No such file or directory")
    }

    func get(_ target: String, _ fields: HTTPFields = [:]) throws -> ServerResponse {
        try files.response(to: ServerRequest(method: .get, target: target, fields: fields))
    }

    @Test(arguments: [
        ("/", "<p>home", "text/html; charset=utf-8"), ("/index.html?x", "<p>home", "text/html; charset=utf-8"),
        ("/sub/", "<p>sub", "text/html; charset=utf-8"), ("/app.js", "let a", "text/javascript; charset=utf-8"),
        ("/caf%C3%A9%201.css", "é", "text/css; charset=utf-8"),
    ])
    func `a file is found with its type and safe headers`(target: String, content: String, type: String) throws {
        let response = try get(target)
        guard case .bytes(let bytes) = response.body else {
            Issue.record("the file is not in memory")
            return
        }
        #expect(String(decoding: bytes, as: UTF8.self) == content)
        #expect(response.fields[.contentType] == type)
        #expect(response.fields[.xContentTypeOptions] == "nosniff")
        #expect(response.fields[.contentSecurityPolicy]?.hasPrefix("default-src 'none'; script-src 'self'; ") == true)
        #expect(response.fields[.cacheControl] == "no-cache")
        #expect(response.fields[.referrerPolicy] == "no-referrer")
    }

    @Test(arguments: [
        "/nothing", "/sub", "/sub/nothing", "/app.js/", "/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
        "/sub/../../secret.txt", "/sub/..%2F..%2Fsecret.txt", "/out.txt", "/up/secret.txt", "/.hidden", "/.git/config",
        "/./index.html", "//index.html", "/..\\secret.txt", "/%0a", "/sub/.", "/index.html/x",
    ])
    func `nothing outside, hidden or linked is found`(target: String) {
        let problem = #expect(throws: HTTPProblem.self) { try get(target) }
        #expect(problem?.status == .notFound)
    }

    @Test(arguments: [
        ("a.svg", "image/svg+xml"), ("a.PNG", "image/png"), ("a.ico", "image/x-icon"), ("a.json", "application/json"),
        ("a.woff2", "font/woff2"), ("a.b.mjs", "text/javascript; charset=utf-8"), ("a", "application/octet-stream"),
        ("a.exe", "application/octet-stream"), ("a.jpg", "image/jpeg"),
    ])
    func `the type follows from the extension`(name: String, type: String) {
        #expect(StaticFiles.contentType(ofFile: name) == type)
    }

    @Test func `an unchanged file is a 304, a changed one is sent`() throws {
        let tag = try #require(try get("/app.js").fields[.eTag])
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
        let unchanged = try get("/app.js", [.ifNoneMatch: tag])
        #expect(unchanged.status == .notModified && unchanged.fields[.eTag] == tag)
        try folder.write("let b = 1", to: "public/app.js")
        let changed = try get("/app.js", [.ifNoneMatch: tag])
        #expect(changed.status == .ok && changed.fields[.eTag] != tag)
    }

    @Test func `a folder that is not there is an error`() {
        #expect(throws: BodyFileError.self) { try StaticFiles(folder: folder.path + "/none") }
        #expect(throws: BodyFileError.self) { try StaticFiles(folder: folder.path + "/secret.txt") }
    }
}
