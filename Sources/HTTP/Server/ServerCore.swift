import Dispatch
import Logging
import Synchronization

/// What the loops of one server share.
final class ServerCore: Sendable {
    let configuration: HTTPServer.Configuration
    let router: Router
    /// The certificate and key; nil: the server speaks in clear.
    let tls: TLSContext?
    let logger: Logger
    /// The access log; nil: requests are not logged.
    let accessLog: AccessLog?
    /// The workers of short handlers.
    let workers: WorkerPool
    /// The workers of handlers that search or wait for the network.
    let searchers: WorkerPool
    /// Writes bodies to files and reads files for replies; it is a separate queue, so that busy workers do not stop
    /// uploads.
    let disk = DispatchQueue(label: "http.disk")
    let admission: Admission
    /// The bytes that all request bodies together may take in memory.
    let memory: Budget
    /// The replies that may be held at once.
    let held: Budget
    /// The live bodies that may be open at once.
    let streams: Budget
    let hints = Hints()
    let meter = Meter()
    /// Set when the server stops, before the loops are stopped.
    let isDraining = Atomic(false)
    /// A group that every connection is in until its descriptor is closed.
    let connections = DispatchGroup()

    init(
        configuration: HTTPServer.Configuration, router: Router, tls: TLSContext? = nil, logger: Logger,
        accessLog: @escaping @Sendable (String) -> Void = AccessLog.toStandardError
    ) {
        self.configuration = configuration
        self.router = router
        self.tls = tls
        self.logger = logger
        self.accessLog = configuration.logsRequests ? AccessLog(accessLog) : nil
        workers = WorkerPool(width: configuration.workers, backlog: configuration.backlog)
        searchers = WorkerPool(width: configuration.searches, backlog: configuration.searchBacklog)
        admission = Admission(
            total: configuration.connections, perAddress: configuration.connectionsPerAddress,
            refusals: configuration.refusals)
        memory = Budget(configuration.bodyMemoryTotal)
        held = Budget(configuration.held)
        streams = Budget(configuration.streams)
    }
}

/// What all connections together may take of one thing.
final class Budget: Sendable {
    private let limit: Int
    private let taken = Mutex(0)

    init(_ limit: Int) { self.limit = limit }

    /// What is taken now.
    var used: Int { taken.withLock { $0 } }

    /// Takes `count`; false, without taking any, if there is not enough left.
    func reserve(_ count: Int) -> Bool {
        taken.withLock { taken in
            guard taken + count <= limit else { return false }
            taken += count
            return true
        }
    }

    /// Takes `count` even beyond the limit, so that others get less.
    func take(_ count: Int) { taken.withLock { $0 += count } }

    /// Gives `count` back.
    func release(_ count: Int) { taken.withLock { $0 -= count } }
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
