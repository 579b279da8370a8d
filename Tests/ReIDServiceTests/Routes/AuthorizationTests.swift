import Foundation
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

@Suite struct AuthorizationTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "reid-token-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder + "/admin-token")
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test func `the first start writes a token that only its owner can read`() throws {
        try withFolder { path in
            _ = try AdminToken(path: path)
            #expect(try mode(path) == 0o600)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.count == 65 && text.hasSuffix("\n"))
            _ = try AdminToken(path: path)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
    }

    @Test func `the token is needed, whole and as a bearer`() throws {
        try withFolder { path in
            let token = try AdminToken(path: path)
            let secret = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
            try token.check([.authorization: "Bearer " + secret])
            try token.check([.authorization: "bearer " + secret])
            #expect(throws: ServiceError.unauthorized(isMissing: true)) { try token.check([:]) }
            for value in [secret, "Basic " + secret, "Bearer", ""] {
                #expect(throws: ServiceError.unauthorized(isMissing: true)) { try token.check([.authorization: value]) }
            }
            for value in [secret.dropLast(), secret + "0", secret.uppercased(), "x"] as [any StringProtocol] {
                #expect(throws: ServiceError.unauthorized(isMissing: false)) {
                    try token.check([.authorization: "Bearer " + String(value)])
                }
            }
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644])
    func `a token that others can read is refused`(mode: Int) throws {
        try withFolder { path in
            _ = try AdminToken(path: path)
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            #expect(throws: AdminTokenError.readableByOthers(path: path, mode: mode)) { try AdminToken(path: path) }
        }
    }

    @Test(arguments: ["", "short\n", "two lines of\nspaced words here"])
    func `a file that holds no token is refused`(text: String) throws {
        try withFolder { path in
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(throws: AdminTokenError.malformed(path: path)) { try AdminToken(path: path) }
        }
    }

    @Test func `a symbolic link is not followed`() throws {
        try withFolder { path in
            _ = try AdminToken(path: path)
            try FileManager.default.createSymbolicLink(atPath: path + "-link", withDestinationPath: path)
            #expect(throws: AdminTokenError.self) { try AdminToken(path: path + "-link") }
        }
    }

    @Test func `every admin route answers 401 without the token, and the query listener needs none`() throws {
        try withService { service in
            for route in service.service.adminRouter.routes where route.pattern != "/openapi.json" {
                let target = route.pattern.replacing("{gallery}", with: "g").replacing("{batch}", with: "b")
                    .replacing("{image}", with: "i")
                let request = try ServerRequest(method: route.method, target: target)
                let response = try service.service.adminRouter.respond(to: request).answer
                #expect(response.status == .unauthorized, "\(route.method) \(route.pattern)")
                #expect(response.fields[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
            }
            #expect(service.service.adminRouter.routes.count > 2)
            #expect(try service.ask(.get, "/v1/galleries").status == .ok)
            #expect(try service.askAdmin(.get, "/admin/v1/batches").status == .ok)
        }
    }
}
