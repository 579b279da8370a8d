import Foundation
import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

extension TestService {
    /// A new token's secret.
    func token(
        _ name: String = "dock", _ scopes: [String] = ["query"], galleries: [String]? = nil, expiresAt: Timestamp? = nil
    ) throws -> String {
        try context.gatekeeper.tokens.create(name: name, scopes: scopes, galleries: galleries, expiresAt: expiresAt)
            .secret
    }

    /// What a listener answers at once to these fields; it must be as the listener describes it.
    func send(
        _ method: HTTPRequest.Method, _ target: String, toAdmin: Bool = false, token: String? = nil,
        fields: HTTPFields = [:], body: [UInt8] = [], peer: String = "127.0.0.1"
    ) throws -> ServerResponse {
        var fields = fields
        if let token { fields[.authorization] = "Bearer " + token }
        let request = try ServerRequest(
            method: method, target: target, fields: fields, body: .bytes(body), peer: peer)
        let response = try (toAdmin ? service.adminRouter : service.queryRouter).respond(to: request).answer
        let api = toAdmin ? DescribedAPI.admin : DescribedAPI.query
        try api(context.configuration).check(response, to: method, target)
        return response
    }
}

@Suite struct GatekeeperTests {
    private func isOpen(_ route: Route) -> Bool { route.access == .anyone }

    @Test func `only these routes are for anyone, and every other one needs a scope that exists`() throws {
        try withService { service in
            let listeners = [
                (service.service.queryRouter, ["GET /livez", "GET /openapi.json", "GET /readyz", "POST /v1/session"]),
                (service.service.adminRouter, ["GET /openapi.json"]),
            ]
            for (router, open) in listeners {
                #expect(router.routes.filter(isOpen).map { "\($0.method) \($0.pattern)" }.sorted() == open)
                for case .holder(let scope) in router.routes.map(\.access) {
                    #expect(Scope.names.contains(scope.rawValue))
                }
                #expect(router.routes.count > 8)
            }
        }
    }

    /// The status of each route that is not for anyone, with a token of these scopes or none.
    private func statuses(_ service: TestService, scopes: [String]?) throws -> [String: HTTPResponse.Status] {
        let secret = try scopes.map { try service.token($0.joined(), $0) }
        var statuses: [String: HTTPResponse.Status] = [:]
        for (router, isAdmin) in [(service.service.queryRouter, false), (service.service.adminRouter, true)] {
            for route in router.routes where !isOpen(route) {
                let target = route.pattern.replacing(/\{[a-z]+\}/, with: "x")
                let response = try service.send(route.method, target, toAdmin: isAdmin, token: secret)
                statuses["\(route.method) \(route.pattern)"] = response.status
                if response.status == .unauthorized || response.status == .forbidden {
                    #expect(response.fields[.wwwAuthenticate]?.hasPrefix("Bearer ") == true)
                }
            }
        }
        return statuses
    }

    @Test func `each scope opens its own routes on both listeners, and admin opens all`() throws {
        try withService {
            $0.tokens.required = true
        } _: { service in
            let routes = service.service.queryRouter.routes + service.service.adminRouter.routes
            let none = try statuses(service, scopes: nil)
            #expect(none.values.allSatisfy { $0 == .unauthorized })
            for scopes in [["query"], ["enroll"], ["admin"], ["query", "enroll"]] {
                let found = try statuses(service, scopes: scopes)
                for route in routes {
                    guard case .holder(let needed) = route.access else { continue }
                    let isAllowed = scopes.contains(needed.rawValue) || scopes == ["admin"]
                    let status = found["\(route.method) \(route.pattern)"]
                    #expect((status == .forbidden) == !isAllowed, "\(route.method) \(route.pattern) \(scopes)")
                    #expect(status != .unauthorized)
                }
                #expect(found.count == none.count)
            }
            let refused = try service.send(
                .get, "/admin/v1/tokens", toAdmin: true, token: try service.token("low", ["enroll"]))
            #expect(refused.said.contains("'admin'"))
        }
    }

    @Test func `on loopback nobody needs a token to search, but a wrong one is refused`() throws {
        try withService { service in
            let secret = try service.token()
            #expect(try service.send(.get, "/v1/galleries").status == .ok)
            #expect(try service.send(.get, "/v1/galleries", token: "reid_wrong").status == .unauthorized)
            #expect(try service.send(.get, "/v1/galleries", token: secret).status == .ok)
            #expect(try service.send(.get, "/admin/v1/tokens", toAdmin: true).status == .unauthorized)
            // A proxy in front may pass on what it asked for itself.
            #expect(try service.send(.get, "/v1/galleries", fields: [.authorization: "Basic eDp5"]).status == .ok)
        }
    }

    /// Ways of writing `Authorization`, with `$` for a valid secret, and what is said to be wrong; nil: nothing.
    static let credentials: [(String, String?)] = [
        ("Bearer $", nil), ("bearer $", nil), ("BEARER $", nil), ("Bearer  $", "one space"), ("Bearer", "one space"),
        ("Bearer ", "one space"), ("Bearer $ $", "one space"), ("Bearer $x", "no such token"),
        ("Basic $", "Send a token"), ("$", "Send a token"), ("", "Send a token"), ("Bearer\t$", "Send a token"),
    ]

    @Test(arguments: credentials)
    func `a token is sent as Bearer, one space and the secret`(form: String, fault: String?) throws {
        try withService {
            $0.tokens.required = true
        } _: { service in
            let value = form.replacing("$", with: try service.token())
            let response = try service.send(.get, "/v1/galleries", fields: [.authorization: value])
            #expect(response.status == (fault == nil ? .ok : .unauthorized))
            if let fault { #expect(response.said.contains(fault), "\(response.said)") }
            var twice = HTTPFields()
            for _ in 0..<2 { twice.append(HTTPField(name: .authorization, value: value)) }
            #expect(try service.send(.get, "/v1/galleries", fields: twice).status == .unauthorized)
        }
    }

    @Test func `a client certificate can stand for a token, with the token's rights and until it is deleted`() throws {
        try withService { service in
            func status(_ target: String, _ subject: String?, token: String? = nil) throws -> Int {
                var fields = HTTPFields()
                if let token { fields[.authorization] = "Bearer " + token }
                let request = try ServerRequest(
                    method: .get, target: target, fields: fields, isSecure: true, clientCertificate: subject)
                return try service.service.adminRouter.respond(to: request).answer.status.code
            }
            let body = #"{"name": "ingest", "scopes": ["enroll"], "subject": "CN=dock,O=Yard"}"#
            let made = try service.askAdmin(.post, "/admin/v1/tokens", body: Array(body.utf8))
            let token: TokenAnswer = try made.decoded()
            #expect(made.status == .created && token.subject == "CN=dock,O=Yard")
            let other = body.replacing("ingest", with: "other")
            let twice = try service.askAdmin(.post, "/admin/v1/tokens", body: Array(other.utf8))
            #expect(twice.status == .conflict && twice.said.contains("CN=dock"))
            for (length, expected) in [(1_000, 201), (1_001, 400)] {
                let subject = String(repeating: "s", count: length)
                let long = #"{"name": "long", "scopes": ["enroll"], "subject": "\#(subject)"}"#
                let answer = try service.askAdmin(.post, "/admin/v1/tokens", body: Array(long.utf8))
                #expect(answer.status.code == expected, "\(length) bytes")
            }

            #expect(try status("/admin/v1/batches", "CN=dock,O=Yard") == 200)
            #expect(try status("/admin/v1/tokens", "CN=dock,O=Yard") == 403, "enroll only")
            #expect(try status("/admin/v1/batches", "CN=dock") == 401, "another subject")
            #expect(try status("/admin/v1/batches", nil) == 401)
            #expect(try status("/admin/v1/batches", "CN=dock,O=Yard", token: "reid_wrong") == 401, "a token wins")
            #expect(try service.askAdmin(.delete, "/admin/v1/tokens/\(token.id)").status == .noContent)
            #expect(try status("/admin/v1/batches", "CN=dock,O=Yard") == 401)
        }
    }

    @Test func `the first token is in a file, and is a token like others except that only the file replaces it`() throws
    {
        try withService { service in
            let list: ListAnswer<TokenAnswer> = try service.askAdmin(.get, "/admin/v1/tokens").decoded()
            #expect(list.items.map(\.name) == ["admin-token"] && list.items[0].scopes == ["admin"])
            #expect(list.items[0].lastUsedAt != nil)
            let refused = try service.askAdmin(.delete, "/admin/v1/tokens/\(list.items[0].id)")
            #expect(refused.status == .conflict && refused.said.contains("delete the file"))
            let secret = try String(service.authorization.dropFirst("Bearer ".count))
            #expect(try service.send(.get, "/v1/galleries", token: secret).status == .ok)
        }
    }

    @Test func `another secret in the file replaces the first token at the next start`() throws {
        let first = try TestService()
        let old = try String(first.authorization.dropFirst("Bearer ".count))
        let dock = try first.token()
        first.service.stop(grace: .zero)
        try FileManager.default.removeItem(atPath: first.service.tokenFile)
        let second = try TestService(in: first.folder)
        defer { second.close() }
        #expect(try second.askAdmin(.get, "/admin/v1/tokens").status == .ok)
        #expect(try second.send(.get, "/admin/v1/tokens", toAdmin: true, token: old).status == .unauthorized)
        #expect(try second.send(.get, "/v1/galleries", token: dock).status == .ok)
    }

    @Test func `an expired token is refused, and says so`() throws {
        try withService { service in
            let secret = try service.token(expiresAt: Timestamp.now().adding(seconds: -1))
            let response = try service.send(.get, "/v1/galleries", token: secret)
            #expect(response.status == .unauthorized && response.said.contains("expired"))
        }
    }

    @Test func `the last use of a token is shown at once, and is still known after a restart`() throws {
        let first = try TestService()
        let before = Timestamp.now()
        #expect(try first.send(.get, "/v1/galleries", token: try first.token()).status == .ok)
        func lastUse(_ service: TestService) throws -> Timestamp? {
            try service.askAdmin(.get, "/admin/v1/tokens").decoded(as: ListAnswer<TokenAnswer>.self).items[1].lastUsedAt
        }
        let used = try #require(try lastUse(first))
        #expect(used >= before)
        first.service.stop(grace: .zero)
        let second = try TestService(in: first.folder)
        defer { second.close() }
        #expect(try lastUse(second) == used)
    }

    @Test func `a token asks at most so often, and so does an address without one`() throws {
        try withService {
            $0.tokens.required = true
            $0.limits.requestsPerSecond = 0.001
            $0.limits.requestBurst = 3
            $0.limits.strangerRequestsPerSecond = 0.001
            $0.limits.strangerRequestBurst = 2
        } _: { service in
            let (first, second) = (try service.token("a"), try service.token("b"))
            func statuses(_ count: Int, _ token: String?, peer: String = "192.0.2.1") throws -> [Int] {
                try (0..<count).map { _ in
                    let response = try service.send(.get, "/v1/galleries", token: token, peer: peer)
                    if response.status == .tooManyRequests {
                        #expect(response.fields[.retryAfter].flatMap { Int($0) } ?? 0 > 1)
                    }
                    return response.status.code
                }
            }
            #expect(try statuses(4, first) == [200, 200, 200, 429])
            #expect(try statuses(1, second) == [200])
            #expect(try statuses(3, nil) == [401, 401, 429])
            #expect(try statuses(1, "reid_wrong") == [429], "a wrong token is as good as none")
            #expect(try statuses(1, nil, peer: "192.0.2.2") == [401])
            #expect(try statuses(1, second) == [200], "a token does not suffer from strangers at its address")
        }
    }

    @Test func `without a token, where none is required, there is no limit`() throws {
        try withService {
            $0.limits.requestBurst = 1
            $0.limits.strangerRequestBurst = 1
        } _: { service in
            for _ in 0..<20 {
                let response = try service.send(.get, "/v1/galleries")
                #expect(response.status == .ok)
            }
        }
    }

    @Test func `so many searches of one token run at once, and others are not held up`() throws {
        let slots = SearchSlots(limit: 2)
        try slots.run(for: "a") {
            try slots.run(for: "a") {
                #expect(throws: ServiceError.tooManySearches(limit: 2)) { try slots.run(for: "a") {} }
                try slots.run(for: "b") {}
            }
            try slots.run(for: "a") {}
        }
        struct Broken: Error {}
        for _ in 0..<3 { #expect(throws: Broken.self) { try slots.run(for: "a") { throw Broken() } } }
    }
}
