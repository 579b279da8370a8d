import Dispatch
import Logging
import Synchronization

/// What the loops of one server share.
final class ServerCore: Sendable {
    let configuration: HTTPServer.Configuration
    let router: Router
    let logger: Logger
    /// The access log; nil: requests are not logged.
    let accessLog: AccessLog?
    let workers: WorkerPool
    /// Writes bodies to files and reads files for replies; it is a separate queue, so that busy workers do not stop
    /// uploads.
    let disk = DispatchQueue(label: "http.disk")
    let admission: Admission
    let memory: MemoryBudget
    let meter = Meter()
    /// Set when the server stops, before the loops are stopped.
    let isDraining = Atomic(false)
    /// A group that every connection is in until its descriptor is closed.
    let connections = DispatchGroup()

    init(configuration: HTTPServer.Configuration, router: Router, logger: Logger) {
        self.configuration = configuration
        self.router = router
        self.logger = logger
        accessLog = configuration.logsRequests ? AccessLog(logger) : nil
        workers = WorkerPool(width: configuration.workers, backlog: configuration.backlog)
        admission = Admission(total: configuration.connections, perAddress: configuration.connectionsPerAddress)
        memory = MemoryBudget(configuration.bodyMemoryTotal)
    }
}

/// The bytes that all request bodies together may take in memory.
final class MemoryBudget: Sendable {
    private let left: Mutex<Int>

    init(_ bytes: Int) { left = Mutex(bytes) }

    /// Takes bytes from the budget; false, without taking any, if there are not enough.
    func reserve(_ bytes: Int) -> Bool {
        left.withLock { left in
            guard left >= bytes else { return false }
            left -= bytes
            return true
        }
    }

    /// Returns bytes to the budget.
    func release(_ bytes: Int) { left.withLock { $0 += bytes } }
}

/// The running counters.
final class Meter: Sendable {
    private let counters = Mutex(ServerCounters())

    var snapshot: ServerCounters { counters.withLock { $0 } }

    func update(_ body: (inout ServerCounters) -> Void) { counters.withLock { body(&$0) } }
}

/// Nanoseconds on a clock that never goes backwards.
func uptime() -> UInt64 { DispatchTime.now().uptimeNanoseconds }

/// Seconds as nanoseconds.
func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(max(0, min(seconds, 1e9)) * 1e9) }
