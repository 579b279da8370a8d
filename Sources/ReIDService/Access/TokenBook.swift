internal import Digests
internal import Dispatch
public import Gallery
internal import HTTP
public import Logging
internal import Synchronization

/// All tokens in memory, so that event loops can tell who asks without reading the database.
///
/// A secret has 256 random bits and is looked up by its SHA-256: the time of a look-up tells nothing about the secret.
public final class TokenBook: Sendable {
    private struct Entry {
        let principal: Principal
        let digest: [UInt8]
        let subject: String?
        let expiresAt: Timestamp?
        var lastUsedAt: Timestamp?
        /// Whether `lastUsedAt` is newer than what is stored.
        var isUsed = false

        init(_ token: TokenRecord) {
            principal = Principal(
                id: token.id, name: token.name, scopes: Set(token.scopes.map(Scope.init)), galleries: token.galleries)
            digest = token.digest
            subject = token.subject
            expiresAt = token.expiresAt
            lastUsedAt = token.lastUsedAt
        }
    }

    private struct State {
        var entries: [String: Entry] = [:]
        /// The ids of tokens by their digests.
        var ids: [[UInt8]: String] = [:]
        /// The ids of tokens by the subjects of the client certificates that stand for them.
        var idsBySubject: [String: String] = [:]
        var isStopped = false

        mutating func add(_ token: TokenRecord) {
            entries[token.id] = Entry(token)
            ids[token.digest] = token.id
            if let subject = token.subject { idsBySubject[subject] = token.id }
        }
    }

    private let store: GalleryStore
    private let logger: Logger
    private let clock: @Sendable () -> Timestamp
    private let state = Mutex(State())

    /// Reads the tokens in the store; the token in the file becomes one of them.
    public convenience init(store: GalleryStore, adminToken: AdminToken, logger: Logger) throws {
        try self.init(store: store, adminToken: adminToken, logger: logger, clock: Timestamp.now)
    }

    init(
        store: GalleryStore, adminToken: AdminToken, logger: Logger, clock: @escaping @Sendable () -> Timestamp
    ) throws {
        self.store = store
        self.logger = logger
        self.clock = clock
        try store.keepToken(
            NewToken(
                name: AdminToken.name, scopes: [Scope.admin.rawValue], galleries: nil, expiresAt: nil,
                digest: adminToken.digest), id: AdminToken.id)
        let tokens = try store.tokens()
        state.withLock { state in for token in tokens { state.add(token) } }
        writeUsesLater()
    }

    /// The seconds between two writes of when tokens were last used.
    private static let writeInterval = 60.0

    /// Writes when tokens were last used, every `writeInterval`, until the book is released or stopped.
    private func writeUsesLater() {
        DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + Self.writeInterval) { [weak self] in
            guard let self, !state.withLock({ $0.isStopped }) else { return }
            writeUses()
            writeUsesLater()
        }
    }

    /// Writes when tokens were last used, and stops writing.
    func stop() {
        state.withLock { $0.isStopped = true }
        writeUses()
    }

    // MARK: Who asks

    /// Who holds the token with this secret, and when the token ends.
    ///
    /// - Throws: `ServiceError.unauthorized` if there is no such token, or if it has expired.
    func holder(ofSecret secret: [UInt8]) throws -> (principal: Principal, expiresAt: Timestamp?) {
        let digest = try SHA256.hash(secret)
        return try state.withLock { state throws(ServiceError) in
            guard let id = state.ids[digest] else { throw .unauthorized(.unknown) }
            return try Self.use(id, &state, now: clock())
        }
    }

    /// Who holds the token that a client certificate with this subject stands for, and when the token ends; nil if it
    /// stands for none.
    ///
    /// - Throws: `ServiceError.unauthorized` if the token has expired.
    func holder(
        ofCertificate subject: String
    ) throws(ServiceError) -> (principal: Principal, expiresAt: Timestamp?)? {
        try state.withLock { state throws(ServiceError) in
            guard let id = state.idsBySubject[subject] else { return nil }
            return try Self.use(id, &state, now: clock())
        }
    }

    /// Who holds the token with this id, and when the token ends.
    ///
    /// - Throws: `ServiceError.unauthorized` if there is no such token, or if it has expired.
    func holder(ofToken id: String) throws(ServiceError) -> (principal: Principal, expiresAt: Timestamp?) {
        try state.withLock { state throws(ServiceError) in try Self.use(id, &state, now: clock()) }
    }

    /// The answer to a request that was held, if the token that asked was deleted or has expired meanwhile; otherwise nil.
    func refusal(of request: ServerRequest) -> ServerResponse? {
        if isCurrent(request.principal) { return nil }
        return problem(for: ServiceError.unauthorized(.unknown)).response(instance: request.id)
    }

    /// Whether who asked some time ago still may: the token is neither deleted nor expired.
    private func isCurrent(_ principal: Principal?) -> Bool {
        guard let principal else { return false }
        guard principal.hasToken else { return true }
        guard let entry = state.withLock({ $0.entries[principal.id] }) else { return false }
        return entry.expiresAt.map { clock() < $0 } ?? true
    }

    private static func use(
        _ id: String, _ state: inout State, now: Timestamp
    ) throws(ServiceError) -> (principal: Principal, expiresAt: Timestamp?) {
        guard let entry = state.entries[id] else { throw .unauthorized(.unknown) }
        if let end = entry.expiresAt, end <= now { throw .unauthorized(.expired) }
        state.entries[id]?.lastUsedAt = now
        state.entries[id]?.isUsed = true
        return (entry.principal, entry.expiresAt)
    }

    // MARK: Changes

    /// Makes a token; returns it with its secret, which is not kept.
    func create(
        name: String, scopes: [String], galleries: [String]?, expiresAt: Timestamp?, subject: String? = nil,
        audit: AuditEvent? = nil
    ) throws -> (token: TokenRecord, secret: String) {
        let secret = Self.prefix + hexString(try randomBytes(32))
        let token = try store.createToken(
            NewToken(
                name: name, scopes: scopes, galleries: galleries, expiresAt: expiresAt,
                digest: try SHA256.hash(Array(secret.utf8)), subject: subject), audit: audit)
        state.withLock { $0.add(token) }
        return (token, secret)
    }

    /// The start of every secret, by which people and scanners know what it is.
    private static let prefix = "reid_"

    /// Deletes a token; no request that comes later is answered to its holder.
    func delete(_ id: String, audit: AuditEvent? = nil) throws {
        guard id != AdminToken.id else { throw ServiceError.tokenOfFile }
        try store.deleteToken(id: id, audit: audit)
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: id) else { return }
            if state.ids[entry.digest] == id { state.ids[entry.digest] = nil }
            if let subject = entry.subject { state.idsBySubject[subject] = nil }
        }
    }

    /// A page of tokens, oldest first, each with the time of its last use.
    func tokens(limit: Int, cursor: String?) throws -> (items: [(TokenRecord, lastUsedAt: Timestamp?)], next: String?) {
        let page = try store.tokens(limit: limit, cursor: cursor)
        return state.withLock { state in
            (page.items.map { ($0, state.entries[$0.id]?.lastUsedAt ?? $0.lastUsedAt) }, page.next)
        }
    }

    /// Writes when tokens were last used, as far as it is news.
    func writeUses() {
        let uses = state.withLock { state in
            var uses: [String: Timestamp] = [:]
            for (id, entry) in state.entries where entry.isUsed {
                uses[id] = entry.lastUsedAt
                state.entries[id]?.isUsed = false
            }
            return uses
        }
        do {
            try store.noteTokenUses(uses)
        } catch {
            logger.warning("the last uses of tokens are not written", metadata: ["error": "\(error)"])
        }
    }
}
