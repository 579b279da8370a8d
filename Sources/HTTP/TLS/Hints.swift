import Logging
import Synchronization

/// Tells the operator about clients that are set up wrongly: each kind at most once a minute.
final class Hints: Sendable {
    enum Hint: String {
        case clearToSecurePort =
            "a client speaks HTTP in clear to a port with TLS; its address should begin with https://"
        case secureToClearPort = "a client speaks TLS to a port without it; its address should begin with http://"
    }

    private static let pauseSeconds = 60.0
    private let logged = Mutex<[Hint: UInt64]>([:])

    func log(_ hint: Hint, from peer: String, _ logger: Logger) {
        let now = uptime()
        let isDue = logged.withLock { logged in
            if let last = logged[hint], now - last < nanoseconds(Self.pauseSeconds) { return false }
            logged[hint] = now
            return true
        }
        if isDue { logger.warning("\(hint.rawValue)", metadata: ["peer": "\(peer)"]) }
    }
}
