import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

@Suite struct OriginRulesTests {
    /// The status of a request with these fields to a service that goes by `reid.example.org`.
    private func status(
        _ service: TestService, _ method: HTTPRequest.Method = .get, _ target: String = "/livez", host: String? = nil,
        origin: String? = nil, site: String? = nil, toAdmin: Bool = false
    ) throws -> Int {
        var fields = HTTPFields()
        fields[.requestHost] = host
        fields[.origin] = origin
        fields[.secFetchSite] = site
        let request = try ServerRequest(method: method, target: target, fields: fields)
        return try (toAdmin ? service.service.adminRouter : service.service.queryRouter).respond(to: request).answer
            .status.code
    }

    static let hosts: [(String, Bool)] = [
        ("127.0.0.1", true), ("127.0.0.1:8080", true), ("192.0.2.7:80", true), ("[::1]:8080", true),
        ("[2001:db8::1]", true),
        ("localhost", true), ("LOCALHOST:8080", true), ("localhost.", true), ("reid.example.org", true),
        ("Reid.Example.org:8443", true), ("reid.example.org.", true), ("evil.example", false),
        ("127.0.0.1.evil.example", false), ("localhost.evil.example", false), ("a.reid.example.org", false),
        ("example.org", false), ("2130706433", false), ("0x7f.1", false), ("[evil]", false), ("127.0.0.1x", false),
    ]

    @Test(arguments: hosts)
    func `only the service's own names are answered, on every path of both listeners`(host: String, isOurs: Bool) throws
    {
        try withService {
            $0.serverNames = ["Reid.example.org"]
        } _: { service in
            for (target, isAdmin) in [
                ("/livez", false), ("/", false), ("/v1/nothing", false), ("/openapi.json", true),
                ("/admin/v1/tokens", true),
            ] {
                let found = try status(service, .get, target, host: host, toAdmin: isAdmin)
                #expect((found == 421) == !isOurs, "\(target)")
            }
            #expect(try status(service) == 200, "HTTP/1.0 has no Host, and no browser speaks it")
        }
    }

    /// Requests by host, origin and site, and whether they may change something.
    static let requests: [(host: String, origin: String?, site: String?, isAllowed: Bool)] = [
        ("localhost:8080", nil, nil, true), ("localhost:8080", "http://localhost:8080", "same-origin", true),
        ("localhost:8080", "http://localhost:8080", nil, true), ("localhost:8080", nil, "same-origin", true),
        ("localhost:8080", nil, "none", true), ("localhost:8080", "http://localhost:3000", nil, false),
        ("localhost:8080", "http://localhost:3000", "same-site", false), ("localhost:8080", nil, "same-site", false),
        ("localhost:8080", nil, "cross-site", false), ("localhost:8080", "http://localhost:8080", "cross-site", false),
        ("localhost:8080", "https://evil.example", nil, false), ("localhost:8080", "null", nil, false),
        ("localhost:8080", "", nil, false), ("localhost:8080", "http://localhost", nil, false),
        ("localhost", "http://localhost", nil, true), ("localhost:80", "http://localhost", nil, true),
        ("reid.example.org", "https://reid.example.org", "same-origin", true),
        ("reid.example.org:443", "https://reid.example.org", nil, true),
        ("reid.example.org", "https://desk.example.org", "same-site", true),
        ("reid.example.org", "https://desk.example.org:444", nil, false),
        ("reid.example.org", "http://desk.example.org", nil, false),
        ("reid.example.org", "https://reid.example.org.evil.example", nil, false),
    ]

    @Test(arguments: requests)
    func `only programs, own pages and pages of configured origins change something`(
        host: String, origin: String?, site: String?, isAllowed: Bool
    ) throws {
        try withService {
            $0.serverNames = ["reid.example.org"]
            $0.serverOrigins = ["https://desk.example.org"]
        } _: { service in
            let changes: [(HTTPRequest.Method, String, Bool)] = [
                (.delete, "/v1/queries/q", false), (.post, "/v1/session", false), (.put, "/admin/v1/galleries/a", true),
                (.post, "/v1/nothing", false), (.patch, "/", false),
            ]
            for (method, target, isAdmin) in changes {
                let found = try status(
                    service, method, target, host: host, origin: origin, site: site, toAdmin: isAdmin)
                #expect((found == 403) == !isAllowed, "\(method) \(target) \(found)")
            }
            #expect(try status(service, host: host, origin: origin, site: site) == 200, "reading changes nothing")
        }
    }

    @Test func `a page of a configured origin may ask before, and may read every answer`() throws {
        try withService {
            $0.serverOrigins = ["https://desk.example.org"]
        } _: { service in
            func ask(_ method: HTTPRequest.Method, _ target: String, _ fields: HTTPFields) throws -> ServerResponse {
                try service.service.queryRouter.respond(
                    to: try ServerRequest(method: method, target: target, fields: fields)
                ).answer
            }
            let preflight: HTTPFields = [
                .origin: "https://desk.example.org", .accessControlRequestMethod: "DELETE",
                .accessControlRequestHeaders: "authorization",
            ]
            let allowed = try ask(.options, "/v1/queries/q", preflight)
            #expect(allowed.status == .noContent)
            #expect(allowed.fields[.accessControlAllowMethods]?.contains("DELETE") == true)
            #expect(allowed.fields[.accessControlAllowHeaders]?.contains("Authorization") == true)
            for target in ["/v1/galleries", "/v1/nothing", "/v1/galleries/none", "/livez?color=red"] {
                let answer = try ask(.get, target, [.origin: "https://desk.example.org"])
                #expect(answer.fields[.accessControlAllowOrigin] == "https://desk.example.org")
                #expect(answer.fields[.accessControlAllowCredentials] == "true" && answer.fields[.vary] == "Origin")
                let other = try ask(.get, target, [.origin: "https://evil.example"])
                #expect(other.fields[.accessControlAllowOrigin] == nil && other.fields[.vary] == "Origin")
            }
            var foreign = preflight
            foreign[.origin] = "https://evil.example"
            let refused = try ask(.options, "/v1/queries/q", foreign)
            #expect(refused.status == .methodNotAllowed && refused.fields[.accessControlAllowOrigin] == nil)
        }
        try withService { service in
            let request = try ServerRequest(method: .get, target: "/livez", fields: [.origin: "https://a.example"])
            let answer = try service.service.queryRouter.respond(to: request).answer
            #expect(answer.fields[.vary] == nil && answer.fields[.accessControlAllowOrigin] == nil)
        }
    }
}
