import Dispatch
import Logging
import Synchronization

/// What the loops of one server share.
final class ServerCore: Sendable {
    let configuration: ServerConfiguration
    let router: Router
    let logger: Logger
    let workers: WorkerPool
    /// Writes bodies to files and reads files for replies; a thread of its own, so that busy workers stall no upload.
    let disk = DispatchQueue(label: "http.disk")
    let admission: Admission
    let memory: MemoryBudget
    let meter = Meter()
    /// Set when the server stops, before the loops are told.
    let isDraining = Atomic(false)
    /// Entered by every connection until its descriptor is closed.
    let connections = DispatchGroup()

    init(configuration: ServerConfiguration, router: Router, logger: Logger) {
        self.configuration = configuration
        self.router = router
        self.logger = logger
        workers = WorkerPool(width: configuration.workers, backlog: configuration.backlog)
        admission = Admission(total: configuration.connections, perAddress: configuration.connectionsPerAddress)
        memory = MemoryBudget(configuration.bodyMemoryTotal)
    }
}

/// Bytes that request bodies may take in memory, all together.
final class MemoryBudget: Sendable {
    private let left: Mutex<Int>

    init(_ bytes: Int) { left = Mutex(bytes) }

    /// Takes bytes out of the budget; false, and none taken, where they are not there.
    func reserve(_ bytes: Int) -> Bool {
        left.withLock { left in
            guard left >= bytes else { return false }
            left -= bytes
            return true
        }
    }

    /// Gives bytes back.
    func release(_ bytes: Int) { left.withLock { $0 += bytes } }
}

/// The running counters.
final class Meter: Sendable {
    private let counters = Mutex(ServerCounters())

    var snapshot: ServerCounters { counters.withLock { $0 } }

    func update(_ body: (inout ServerCounters) -> Void) { counters.withLock { body(&$0) } }
}

/// Nanoseconds on a clock that never goes back.
func uptime() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

/// Seconds as nanoseconds.
func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, min(seconds, 1e9)) * 1e9) }
