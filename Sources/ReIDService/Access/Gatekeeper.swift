internal import Gallery
internal import HTTP
internal import HTTPTypes

/// Tells who asks, and lets each request through or refuses it; on event loops, so everything it needs is in memory.
public final class Gatekeeper: Sendable {
    /// The tokens.
    let tokens: TokenBook
    /// The sessions of dashboards.
    let sessions: Sessions
    private let requestsOfTokens: RateLimiter
    private let requestsOfStrangers: RateLimiter
    private let wrongSignIns: RateLimiter
    private let searches: SearchSlots

    /// Keeps the limits of `configuration`.
    public init(tokens: TokenBook, configuration: Service.Configuration) {
        let limits = configuration.limits
        self.tokens = tokens
        sessions = Sessions(hours: configuration.tokens.sessionHours, limit: configuration.tokens.sessions)
        requestsOfTokens = RateLimiter(perSecond: limits.requestsPerSecond, burst: limits.requestBurst)
        requestsOfStrangers = RateLimiter(
            perSecond: limits.strangerRequestsPerSecond, burst: limits.strangerRequestBurst)
        let wrong = configuration.tokens.wrongSignInsPerMinute
        wrongSignIns = RateLimiter(perSecond: Double(wrong) / 60, burst: wrong)
        searches = SearchSlots(limit: limits.searchesPerToken)
    }

    /// Sets who asks, and lets the request go on; nobody is set for a stranger, on a route that is for anyone.
    ///
    /// Whoever asks without a token, where none is required, is let through without a limit.
    ///
    /// With `requiresToken`, a route that is not for anyone needs a token. Throws `ServiceError.unauthorized`, `forbidden`
    /// or `tooManyRequests`.
    func admit(_ request: inout ServerRequest, _ route: Route, requiresToken: Bool) throws {
        let shown = Result { try holder(request)?.principal }
        request.principal = (try? shown.get()) ?? nil
        if let known = request.principal {
            try requestsOfTokens.take(known.id)
        } else if requiresToken {
            try requestsOfStrangers.take(AddressKey.of(request.peer))
        }
        guard case .holder(of: let scope) = route.access else { return }
        guard let principal = try shown.get() ?? (requiresToken ? nil : .anonymous) else {
            throw ServiceError.unauthorized(.missing)
        }
        guard principal.holds(scope) else { throw ServiceError.forbidden(scope: scope.rawValue) }
        request.principal = principal
    }

    /// Who holds the token or session that a request shows, or the token that its client certificate stands for, and when
    /// that ends; nil if it shows none.
    ///
    /// - Throws: `ServiceError.unauthorized` if what it shows is not valid.
    func holder(_ request: ServerRequest) throws -> (principal: Principal, expiresAt: Timestamp?)? {
        switch try Credential(request.fields) {
        case nil: return try request.clientCertificate.flatMap { try tokens.holder(ofCertificate: $0) }
        case .token(let secret): return try tokens.holder(ofSecret: secret)
        case .session(let secret):
            guard let session = try sessions.session(secret) else { throw ServiceError.unauthorized(.sessionOver) }
            do {
                return (try tokens.holder(ofToken: session.token).principal, session.expiresAt)
            } catch {
                // Its token was deleted or has expired.
                throw ServiceError.unauthorized(.sessionOver)
            }
        }
    }

    /// Whether who asked some time ago may still have what was asked for: the token is neither deleted nor expired, and the
    /// session is not over.
    func stillAdmits(_ request: ServerRequest) -> Bool {
        guard let principal = request.principal else { return false }
        return !principal.hasToken || (try? holder(request))?.principal.id == principal.id
    }

    /// Who holds the token that somebody signs in with, and when it ends.
    ///
    /// - Throws: `ServiceError.unauthorized`; `tooManyRequests` after too many wrong tokens from one address.
    func signIn(_ secret: String, from peer: String) throws -> (principal: Principal, expiresAt: Timestamp?) {
        let address = AddressKey.of(peer)
        // Taken first, so that many attempts at the same time count too.
        try wrongSignIns.take(address)
        let holder = try tokens.holder(ofSecret: Array(secret.utf8))
        wrongSignIns.giveBack(address)
        return holder
    }

    /// Runs a search for who asks, unless too many of the same token run already.
    func searching<Value>(_ request: ServerRequest, _ search: () throws -> Value) throws -> Value {
        guard let principal = request.principal, principal.hasToken else { return try search() }
        return try searches.run(for: principal.id, search)
    }
}

/// The key under which requests of one address are counted.
enum AddressKey {
    /// The address itself, or the first 64 bits of an IPv6 address: one client usually has all addresses that share them.
    static func of(_ peer: String) -> String {
        guard peer.contains(":") else { return peer }
        let halves = peer.prefix { $0 != "%" }.lowercased().components(between: "::")
        let head = halves[0].split(separator: ":")
        let tail = halves.count > 1 ? halves[1].split(separator: ":") : []
        let zeros = halves.count > 1 ? max(0, 8 - head.count - tail.count) : 0
        return (head + Array(repeating: "0", count: zeros) + tail).prefix(4).joined(separator: ":") + "::/64"
    }
}

extension String {
    /// The parts before and after the first `separator`.
    fileprivate func components(between separator: String) -> [Substring] {
        guard let range = firstRange(of: separator) else { return [self[...]] }
        return [self[..<range.lowerBound], self[range.upperBound...]]
    }
}
