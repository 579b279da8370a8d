internal import HTTP
internal import HTTPTypes

/// What a request shows to say who asks.
enum Credential: Equatable {
    /// The secret of a token, from `Authorization: Bearer …`.
    case token([UInt8])
    /// The secret of a session, from the cookie.
    case session([UInt8])

    /// Reads a request's credential; nil: it shows none.
    ///
    /// A scheme other than `Bearer` is left aside: a proxy in front may pass on what it was shown itself.
    ///
    /// - Throws: `ServiceError.unauthorized(.malformed)` for `Bearer` with anything but one space and one secret.
    init?(_ fields: HTTPFields) throws(ServiceError) {
        let values = fields[values: .authorization]
        if let value = values.first {
            guard values.count == 1 else { throw .unauthorized(.malformed) }
            let scheme = value.prefix { $0 != " " }
            if scheme.lowercased() == "bearer" {
                let secret = Array(value.utf8.dropFirst(scheme.utf8.count + 1))
                guard !secret.isEmpty, secret.allSatisfy({ 0x21...0x7E ~= $0 }) else {
                    throw .unauthorized(.malformed)
                }
                self = .token(secret)
                return
            }
        }
        guard let secret = SessionCookie.secret(in: fields) else { return nil }
        self = .session(secret)
    }
}

/// The cookie that holds a session's secret.
enum SessionCookie {
    /// The cookie's name without TLS.
    static let name = "reid_session"
    /// Its name under TLS: browsers take a cookie with this prefix only from the host itself, and only if it is `Secure`.
    static let secureName = "__Host-" + name

    /// The secret in a request's `Cookie`; nil if it has none.
    ///
    /// The secure name wins, because no other host can set a cookie of that name.
    static func secret(in fields: HTTPFields) -> [UInt8]? {
        var pairs: [Substring] = []
        for value in fields[values: .cookie] {
            for pair in value.split(separator: ";") { pairs.append(pair.drop(while: { $0 == " " })) }
        }
        for name in [secureName, name] {
            if let pair = pairs.first(where: { $0.hasPrefix(name + "=") }) {
                return Array(pair.utf8.dropFirst(name.utf8.count + 1))
            }
        }
        return nil
    }

    /// The `Set-Cookie` that gives a browser the secret for some seconds.
    static func setting(_ secret: String, seconds: Int64, isSecure: Bool) -> String {
        "\(isSecure ? secureName : name)=\(secret); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }

    /// The fields that make a browser forget the secret, under both names.
    static let clearing: HTTPFields = {
        var fields = HTTPFields()
        fields[values: .setCookie] = [false, true].map { setting("", seconds: 0, isSecure: $0) }
        return fields
    }()

    /// Whether the browser speaks TLS: to this service, or to a proxy in front of it, as the page's origin tells.
    static func isSecure(_ request: ServerRequest) -> Bool {
        request.isSecure || request.fields[.origin]?.hasPrefix("https://") == true
    }
}
