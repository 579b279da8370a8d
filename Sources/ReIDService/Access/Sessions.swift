internal import Digests
internal import Gallery
internal import Synchronization

/// The sessions of dashboards: each stands for a token, in memory only, until it ends, its token does, or the service
/// stops.
final class Sessions: Sendable {
    /// A session.
    struct Session: Equatable {
        /// The id of the token that signed in.
        let token: String
        /// When it ends.
        let expiresAt: Timestamp
    }

    private let hours: Int
    private let limit: Int
    private let clock: @Sendable () -> Timestamp
    /// Sessions by the SHA-256 of their secrets.
    private let sessions = Mutex<[[UInt8]: Session]>([:])

    /// - Parameters:
    ///   - hours: how long a session lasts.
    ///   - limit: the most sessions; one more ends the one that would end first.
    ///   - clock: returns the current time.
    init(hours: Int, limit: Int, clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
        self.hours = hours
        self.limit = limit
        self.clock = clock
    }

    /// Opens a session for a token, which ends no later than the token; returns its secret and its length in seconds.
    func open(token: String, tokenEnd: Timestamp?) throws -> (secret: String, seconds: Int64) {
        let secret = hexString(try randomBytes(32))
        let digest = try SHA256.hash(Array(secret.utf8))
        let now = clock()
        let end = now.adding(seconds: Int64(hours) * 3600)
        let session = Session(token: token, expiresAt: tokenEnd.map { min($0, end) } ?? end)
        sessions.withLock { sessions in
            if sessions.count >= limit { sessions = sessions.filter { $0.value.expiresAt > now } }
            if sessions.count >= limit, let first = sessions.min(by: { $0.value.expiresAt < $1.value.expiresAt })?.key {
                sessions[first] = nil
            }
            sessions[digest] = session
        }
        return (secret, (session.expiresAt.milliseconds - now.milliseconds) / 1000)
    }

    /// The session with this secret; nil if there is none, or if it is over.
    func session(_ secret: [UInt8]) throws -> Session? {
        let digest = try SHA256.hash(secret)
        guard let session = sessions.withLock({ $0[digest] }), clock() < session.expiresAt else { return nil }
        return session
    }

    /// Ends a session.
    func close(_ secret: [UInt8]) throws {
        let digest = try SHA256.hash(secret)
        sessions.withLock { $0[digest] = nil }
    }
}
