import Foundation
import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

@Suite struct TokenRoutesTests {
    private func create(_ service: TestService, _ json: String) throws -> ServerResponse {
        try service.askAdmin(.post, "/admin/v1/tokens", body: Array(json.utf8))
    }

    @Test func `a token is made, used, listed without its secret, and deleted at once`() throws {
        try withService { service in
            let made = try create(
                service, #"{"name": "dock", "scopes": ["query"], "galleries": ["lobby*"], "expires_at": null}"#)
            #expect(made.status == .created)
            let members = try made.object
            #expect(
                Set(members.keys)
                    == ["id", "name", "scopes", "galleries", "expires_at", "created_at", "secret"])
            let token: TokenAnswer = try made.decoded()
            let secret = try #require(token.secret)
            #expect(token.name == "dock" && token.scopes == ["query"] && token.galleries == ["lobby*"])
            #expect(made.fields[.location] == "/admin/v1/tokens/" + token.id)
            #expect(try service.send(.get, "/v1/galleries", token: secret).status == .ok)
            let listed = try service.askAdmin(.get, "/admin/v1/tokens")
            #expect(try !listed.text.contains(secret) && !listed.text.contains("secret"))
            let items = try listed.decoded(as: ListAnswer<TokenAnswer>.self).items
            #expect(items.map(\.name) == ["admin-token", "dock"] && items[1].lastUsedAt != nil)
            let page: ListAnswer<TokenAnswer> = try service.askAdmin(.get, "/admin/v1/tokens?limit=1").decoded()
            let next = try #require(page.next)
            let rest: ListAnswer<TokenAnswer> = try service.askAdmin(.get, "/admin/v1/tokens?cursor=\(next)").decoded()
            #expect(rest.items == [items[1]] && rest.next == nil)

            #expect(try service.askAdmin(.delete, "/admin/v1/tokens/" + token.id).status == .noContent)
            #expect(try service.send(.get, "/v1/galleries", token: secret).status == .unauthorized)
            #expect(try service.askAdmin(.delete, "/admin/v1/tokens/" + token.id).status == .notFound)
        }
    }

    @Test func `the secret is not in the database`() throws {
        let service = try TestService()
        defer { service.close() }
        let token: TokenAnswer = try create(service, #"{"name": "dock", "scopes": ["query"]}"#).decoded()
        let secret = try #require(token.secret)
        service.service.stop(grace: .zero)
        let bytes = try Data(contentsOf: URL(fileURLWithPath: service.context.folder.database))
        #expect(bytes.range(of: Data("dock".utf8)) != nil)
        #expect(bytes.range(of: Data(secret.utf8)) == nil)
        #expect(bytes.range(of: Data(secret.dropFirst("reid_".count).utf8)) == nil)
    }

    /// Bodies that make no token, with the member at fault and a part of what is said.
    static let faults: [(String, String, String)] = [
        (#"{"scopes": ["query"]}"#, "/name", "1 to 100 characters"),
        (#"{"name": "", "scopes": ["query"]}"#, "/name", "1 to 100 characters"),
        (#"{"name": "\#(String(repeating: "n", count: 101))", "scopes": ["query"]}"#, "/name", "1 to 100 characters"),
        (#"{"name": "a\u0007", "scopes": ["query"]}"#, "/name", "control"),
        (#"{"name": 5, "scopes": ["query"]}"#, "/name", "a text"),
        (#"{"name": "a"}"#, "/scopes", "'query', 'enroll', 'admin'"),
        (#"{"name": "a", "scopes": []}"#, "/scopes", "'query', 'enroll', 'admin'"),
        (#"{"name": "a", "scopes": ["query", "root"]}"#, "/scopes", "'query', 'enroll', 'admin'"),
        (#"{"name": "a", "scopes": ["query"], "galleries": []}"#, "/galleries", "1 to 64 patterns"),
        (#"{"name": "a", "scopes": ["query"], "galleries": ["Lobby"]}"#, "/galleries", "lowercase"),
        (#"{"name": "a", "scopes": ["query"], "galleries": ["a?"]}"#, "/galleries", "'*'"),
        (#"{"name": "a", "scopes": ["query"], "galleries": [""]}"#, "/galleries", "patterns"),
        (#"{"name": "a", "scopes": ["query"], "expires_at": "2020-01-01T00:00:00Z"}"#, "/expires_at", "to come"),
        (#"{"name": "a", "scopes": ["query"], "expires_at": "tomorrow"}"#, "/expires_at", "RFC 3339"),
        (#"{"name": "a", "scopes": ["query"], "secret": "mine"}"#, "/secret", "known are"),
        (#"["a"]"#, "", "one JSON object"),
    ]

    @Test(arguments: faults)
    func `a token that makes no sense is refused with what to change`(json: String, pointer: String, part: String)
        throws
    {
        try withService { service in
            let response = try create(service, json)
            #expect(response.status == .badRequest)
            #expect(try response.object["pointer"] == .text(pointer))
            #expect(response.said.contains(part), "\(response.said)")
        }
    }

    @Test func `a name is taken once`() throws {
        try withService { service in
            let first = try create(service, #"{"name": "dock", "scopes": ["query"]}"#)
            #expect(first.status == .created)
            for name in ["dock", "admin-token"] {
                #expect(try create(service, #"{"name": "\#(name)", "scopes": ["enroll"]}"#).status == .conflict)
            }
            let name = String(repeating: "ü", count: 100)
            #expect(try create(service, #"{"name": "\#(name)", "scopes": ["query"]}"#).status == .created)
        }
    }

    @Test func `only an admin token for every gallery manages tokens`() throws {
        try withService { service in
            let limited = try service.token("limited", ["admin"], galleries: ["lobby"])
            let body = Array(#"{"name": "x", "scopes": ["admin"]}"#.utf8)
            let requests: [(HTTPRequest.Method, String, [UInt8])] = [
                (.post, "/admin/v1/tokens", body), (.get, "/admin/v1/tokens", []),
                (.delete, "/admin/v1/tokens/t_a", []),
            ]
            for (method, target, body) in requests {
                let response = try service.send(method, target, toAdmin: true, token: limited, body: body)
                #expect(response.status == .forbidden, "\(method) \(target)")
            }
        }
    }

    @Test(arguments: [
        ("lobby", "lobby", true), ("lobby", "lobby2", false), ("lobby*", "lobby", true), ("lobby*", "lobby-2", true),
        ("*", "a", true), ("*a", "ba", true), ("*a", "ab", false), ("a*b*c", "a-b-c", true), ("a*b*c", "acb", false),
        ("a*ab", "aab", true), ("a*ab", "abab", true), ("**", "x", true), ("a.b", "axb", false), ("*b*", "abc", true),
    ])
    func `a pattern's star stands for any characters`(pattern: String, name: String, isMatch: Bool) {
        #expect(GalleryPattern.isValid(pattern))
        #expect(GalleryPattern.matches(pattern, name) == isMatch)
    }
}
