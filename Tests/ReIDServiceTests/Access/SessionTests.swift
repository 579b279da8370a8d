import Foundation
import Gallery
import HTTP
import HTTPTypes
import Synchronization
import Testing

@testable import ReIDService

@Suite struct SessionTests {
    private func signIn(
        _ service: TestService, _ token: String, peer: String = "127.0.0.1"
    ) throws -> ServerResponse {
        try service.send(.post, "/v1/session", body: Array(#"{"token": "\#(token)"}"#.utf8), peer: peer)
    }

    /// The cookie that a browser would send back.
    private func cookie(_ response: ServerResponse) throws -> String {
        String(try #require(response.fields[.setCookie]).prefix { $0 != ";" })
    }

    private func who(_ service: TestService, _ cookie: String) throws -> ServerResponse {
        try service.send(.get, "/v1/session", fields: [.cookie: cookie])
    }

    private func withTokens(
        _ configure: (inout Service.Configuration) -> Void = { _ in }, _ body: (TestService) throws -> Void
    ) throws {
        try withService {
            $0.tokens.required = true
            configure(&$0)
        } _: {
            try body($0)
        }
    }

    @Test func `a token becomes a cookie that no script reads, and that ends`() throws {
        try withTokens { service in
            let response = try signIn(service, try service.token(galleries: ["lobby*"]))
            #expect(response.status == .noContent && response.fields[.cacheControl] == "no-store")
            let attributes = try #require(response.fields[.setCookie]).components(separatedBy: "; ")
            #expect(attributes.dropFirst() == ["Path=/", "Max-Age=43200", "HttpOnly", "SameSite=Strict"])
            #expect(attributes[0].wholeMatch(of: /reid_session=[0-9a-f]{64}/) != nil)
            let answer = try who(service, attributes[0])
            let session: SessionAnswer = try answer.decoded()
            #expect(session.name == "dock" && session.scopes == ["query"] && session.galleries == ["lobby*"])
            #expect(session.signedIn && session.expiresAt != nil)
            #expect(try service.send(.get, "/v1/galleries", fields: [.cookie: attributes[0]]).status == .ok)
            let among = "theme=dark; " + attributes[0] + "; other=1"
            #expect(try service.send(.get, "/v1/galleries", fields: [.cookie: among]).status == .ok)
        }
    }

    @Test func `a browser that speaks TLS gets a cookie that never leaves it otherwise, and that wins`() throws {
        try withTokens { service in
            let body = Array(#"{"token": "\#(try service.token("tls"))"}"#.utf8)
            let page: HTTPFields = [.requestHost: "localhost", .origin: "https://localhost"]
            let response = try service.send(.post, "/v1/session", fields: page, body: body)
            let attributes = try #require(response.fields[.setCookie])
            #expect(attributes.hasPrefix("__Host-reid_session=") && attributes.hasSuffix("; SameSite=Strict; Secure"))
            let secure = try cookie(response)
            #expect(try who(service, secure).status == .ok)
            let planted = try cookie(signIn(service, try service.token("planted")))
            let both: SessionAnswer = try who(service, planted + "; " + secure).decoded()
            #expect(both.name == "tls")
        }
    }

    @Test func `after signing out the cookie is worth nothing, and the browser is told to forget it`() throws {
        try withTokens { service in
            let cookie = try cookie(signIn(service, try service.token()))
            let out = try service.send(.delete, "/v1/session", fields: [.cookie: cookie])
            #expect(out.status == .noContent && out.fields[.setCookie]?.contains("Max-Age=0") == true)
            for (method, target) in [
                (HTTPRequest.Method.get, "/v1/session"), (.delete, "/v1/session"), (.get, "/v1/galleries"),
            ] {
                let response = try service.send(method, target, fields: [.cookie: cookie])
                #expect(response.status == .unauthorized && response.said.contains("over"))
                #expect(response.fields[.setCookie]?.contains("Max-Age=0") == true)
            }
            #expect(try service.send(.get, "/livez", fields: [.cookie: cookie]).status == .ok)
        }
    }

    @Test func `a session ends with its token`() throws {
        try withTokens { service in
            let tokens = service.context.gatekeeper.tokens
            let token = try tokens.create(name: "dock", scopes: ["query"], galleries: nil, expiresAt: nil)
            let cookie = try cookie(signIn(service, token.secret))
            #expect(try who(service, cookie).status == .ok)
            try tokens.delete(token.token.id)
            #expect(try who(service, cookie).status == .unauthorized)
            let short = try service.token("short", expiresAt: Timestamp.now().adding(seconds: 100))
            let attributes = try #require(try signIn(service, short).fields[.setCookie])
            #expect(attributes.contains("Max-Age=100;") || attributes.contains("Max-Age=99;"))
        }
    }

    @Test func `who cannot search cannot sign in, and a wrong or expired token is refused`() throws {
        try withTokens { service in
            #expect(try signIn(service, try service.token("in", ["enroll"])).status == .forbidden)
            #expect(try signIn(service, "reid_wrong").status == .unauthorized)
            let old = try service.token("old", expiresAt: Timestamp.now().adding(seconds: -1))
            #expect(try signIn(service, old).said.contains("expired"))
            for body in ["{}", #"{"token": 5}"#, #"{"token": ""}"#, #"{"token": "a", "color": 1}"#, "token=a"] {
                #expect(try service.send(.post, "/v1/session", body: Array(body.utf8)).status == .badRequest)
            }
        }
    }

    @Test func `wrong tokens are counted for each address`() throws {
        try withTokens {
            $0.tokens.wrongSignInsPerMinute = 3
        } _: { service in
            let right = try service.token()
            for _ in 0..<5 { #expect(try signIn(service, right, peer: "192.0.2.1").status == .noContent) }
            for _ in 0..<3 { #expect(try signIn(service, "reid_x", peer: "192.0.2.1").status == .unauthorized) }
            let late = try signIn(service, "reid_x", peer: "192.0.2.1")
            #expect(late.status == .tooManyRequests && late.fields[.retryAfter] != nil)
            #expect(try signIn(service, right, peer: "192.0.2.1").status == .tooManyRequests)
            #expect(try signIn(service, right, peer: "192.0.2.2").status == .noContent)
        }
    }

    @Test func `without tokens everybody is anonymous, and a dashboard need not sign in`() throws {
        try withService { service in
            let answer: SessionAnswer = try service.send(.get, "/v1/session").decoded()
            #expect(!answer.signedIn && answer.name == "anonymous" && answer.scopes == ["query"])
            #expect(answer.galleries == nil && answer.expiresAt == nil)
            #expect(try who(service, "reid_session=0123").status == .unauthorized, "a wrong session is none")
            #expect(try service.send(.delete, "/v1/session").status == .noContent)
        }
    }

    @Test func `a token in the header counts, not the cookie beside it`() throws {
        try withTokens { service in
            let cookie = try cookie(signIn(service, try service.token("a")))
            let both: HTTPFields = [.cookie: cookie, .authorization: "Bearer " + (try service.token("b"))]
            #expect(try service.send(.get, "/v1/session", fields: both).decoded(as: SessionAnswer.self).name == "b")
            let wrong: HTTPFields = [.cookie: cookie, .authorization: "Bearer x"]
            #expect(try service.send(.get, "/v1/session", fields: wrong).status == .unauthorized)
        }
    }

    @Test func `large cookies of others do no harm, and a large one of ours is no session`() throws {
        try withTokens { service in
            let cookie = try cookie(signIn(service, try service.token()))
            let large = "x=" + String(repeating: "y", count: 9000)
            #expect(try who(service, large).status == .unauthorized)
            #expect(try who(service, large + "; " + cookie).status == .ok)
            #expect(try who(service, "reid_session=" + large).status == .unauthorized)
        }
    }

    @Test func `sessions end in time, and there is a most of them`() throws {
        let time = Mutex(Timestamp(milliseconds: 1_795_341_600_000))
        let sessions = Sessions(hours: 2, limit: 2) { time.withLock { $0 } }
        func isOpen(_ secret: String) throws -> Bool { try sessions.session(Array(secret.utf8)) != nil }
        let first = try sessions.open(token: "t", tokenEnd: nil)
        #expect(first.seconds == 7200)
        let short = try sessions.open(token: "t", tokenEnd: time.withLock { $0.adding(seconds: 60) })
        #expect(short.seconds == 60)
        #expect(try isOpen(first.secret) && isOpen(short.secret))
        let third = try sessions.open(token: "t", tokenEnd: nil)
        #expect(try isOpen(first.secret) && !isOpen(short.secret) && isOpen(third.secret))
        time.withLock { $0 = $0.adding(seconds: 7199) }
        #expect(try isOpen(first.secret))
        time.withLock { $0 = $0.adding(seconds: 1) }
        #expect(try !isOpen(first.secret))
        #expect(try sessions.session(Array("x".utf8)) == nil)
    }
}
