internal import Glibc
internal import HTTP
internal import HTTPTypes

/// Which names the service goes by, and which pages in a browser may use it; the same for both listeners.
///
/// A `Host` that the service does not go by is refused, so that no foreign name can be pointed at this address (DNS
/// rebinding). A request that changes something is refused if a page of another origin sends it, with or without a token;
/// a program sends no `Origin` and no `Sec-Fetch-Site`, and is let through.
struct OriginRules: Sendable {
    private let names: Set<String>
    private let origins: Set<String>

    /// - Parameters:
    ///   - names: host names beside address literals and `localhost`.
    ///   - origins: origins whose pages may use the service, such as `https://desk.example.org`.
    init(names: [String], origins: [String]) {
        self.names = Set(names.map { Self.normalized($0) })
        self.origins = Set(origins)
    }

    /// Refuses a request by its `Host` and its origin; answers a configured origin's preflight; nil: it may go on.
    func screen(_ request: ServerRequest) throws(ServiceError) -> ServerResponse? {
        let host = request.fields[.requestHost]
        if let host, !isOurs(host) { throw .foreignHost(host) }
        let origin = request.fields[.origin]
        if let origin, origins.contains(origin) {
            guard request.method == .options, request.fields[.accessControlRequestMethod] != nil else { return nil }
            return ServerResponse(.noContent, fields: Self.preflight)
        }
        guard ![.get, .head, .options].contains(request.method) else { return nil }
        if let origin, !Self.isOwn(origin, host: host, isSecure: request.isSecure) { throw .crossSite }
        if let site = request.fields[.secFetchSite], site == "cross-site" || site == "same-site" { throw .crossSite }
        return nil
    }

    /// The fields by which a browser lets a page of a configured origin read an answer.
    func fields(for request: ServerRequest) -> HTTPFields {
        guard !origins.isEmpty else { return [:] }
        guard let origin = request.fields[.origin], origins.contains(origin) else { return [.vary: "Origin"] }
        return [
            .vary: "Origin", .accessControlAllowOrigin: origin, .accessControlAllowCredentials: "true",
            .accessControlExposeHeaders: "ETag, Location, Retry-After, X-Request-Id",
        ]
    }

    private static let preflight: HTTPFields = [
        .accessControlAllowMethods: "GET, HEAD, POST, PUT, PATCH, DELETE",
        .accessControlAllowHeaders:
            "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, Range",
        .accessControlMaxAge: "600",
    ]

    /// Whether `Host` is an address literal, `localhost` or a configured name, with any port.
    private func isOurs(_ host: String) -> Bool {
        var name = host[...]
        if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") { name = name[..<colon] }
        if name.hasPrefix("["), name.hasSuffix("]") {
            return Self.isAddress(String(name.dropFirst().dropLast()), family: AF_INET6)
        }
        let known = Self.normalized(String(name))
        return known == "localhost" || names.contains(known) || Self.isAddress(String(name), family: AF_INET)
    }

    /// Whether `origin` is the one that a page of this service has.
    ///
    /// A proxy in front may add TLS, so `https` with the same host is the own origin too; `http` is not where the service
    /// itself speaks TLS.
    private static func isOwn(_ origin: String, host: String?, isSecure: Bool) -> Bool {
        guard let host = host?.lowercased() else { return false }
        let schemes = isSecure ? [("https://", ":443")] : [("http://", ":80"), ("https://", ":443")]
        for (scheme, port) in schemes where origin.hasPrefix(scheme) {
            let authority = origin.dropFirst(scheme.count)
            return authority == host || authority + port == host
        }
        return false
    }

    private static func isAddress(_ text: String, family: Int32) -> Bool {
        var bytes = in6_addr()
        return unsafe inet_pton(family, text, &bytes) == 1
    }

    /// A host name in lowercase, without the dot that may end it.
    private static func normalized(_ name: String) -> String {
        let name = name.lowercased()
        return name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    /// Whether a text is a host name as `server.names` takes it.
    static func isName(_ text: String) -> Bool {
        (1...253).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            } && !text.hasPrefix(".") && !text.hasPrefix("-")
    }

    /// Whether a text is an origin as browsers write it: scheme, host, and a port unless it is the usual one.
    static func isOrigin(_ text: String) -> Bool {
        for (scheme, port) in [("http://", ":80"), ("https://", ":443")] where text.hasPrefix(scheme) {
            let authority = String(text.dropFirst(scheme.count))
            guard authority == authority.lowercased(), !authority.hasSuffix(port) else { return false }
            guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else {
                return isHost(authority)
            }
            guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return false }
            return isHost(String(authority[..<colon]))
        }
        return false
    }

    private static func isHost(_ text: String) -> Bool {
        guard text.hasPrefix("["), text.hasSuffix("]") else { return isName(text) }
        return isAddress(String(text.dropFirst().dropLast()), family: AF_INET6)
    }
}
