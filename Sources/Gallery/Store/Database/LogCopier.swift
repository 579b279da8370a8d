import Dispatch
import GRDB
import Synchronization

/// Copies the write-ahead log into the database on a connection of its own, while the writer goes on.
///
/// Without it, the writer would do that after a commit, and wait for the disk a second time. What the copier leaves, the
/// writer copies when the log has grown to `DatabaseOpening.largestLog`; so too if copying fails, for example on a full disk.
final class LogCopier: Sendable {
    private struct State {
        var isClosed = false
        /// The bytes that were added since the log was copied.
        var bytes = 0
    }

    private let connection: DatabaseQueue
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "reid.gallery.log", qos: .utility)

    /// The bytes of added vectors and images after which the log is copied.
    private static let leastBytes = 4 << 20

    /// Opens a connection to a database that has been opened already.
    init(path: String) throws {
        var configuration = Configuration()
        configuration.label = "reid.gallery.log"
        configuration.busyMode = .immediateError
        connection = try DatabaseQueue(path: path, configuration: configuration)
    }

    /// Notes a commit that added vectors and images, and has the log copied soon if there are enough of them.
    func note(bytes: Int) {
        guard bytes > 0 else { return }
        queue.async { [self] in
            state.withLock { state in
                state.bytes += bytes
                if state.bytes >= Self.leastBytes { copy(&state) }
            }
        }
    }

    /// Copies the log now, on the thread of the caller, which must not be the writer.
    func copy() {
        state.withLock { copy(&$0) }
    }

    private func copy(_ state: inout State) {
        guard !state.isClosed else { return }
        state.bytes = 0
        _ = try? connection.writeWithoutTransaction { try $0.checkpoint(.passive) }
    }

    /// Runs `body` while nothing is copied, because only one connection at a time can.
    func pausing<Value>(_ body: () throws -> Value) rethrows -> Value {
        try state.withLock { _ in try body() }
    }

    /// Closes the connection; nothing is copied afterwards.
    func close() throws {
        try state.withLock { state in
            state.isClosed = true
            try connection.close()
        }
    }
}
