import Dispatch
import Glibc
public import Logging
import Synchronization

/// An HTTP/1.1 server for one router on one address.
public final class HTTPServer: Sendable {
    private struct Running {
        let acceptor: Acceptor
        let loops: [EventLoop]
    }

    private enum State {
        case new
        case running(Running)
        case stopped
    }

    let core: ServerCore
    private let state = Mutex(State.new)

    /// Creates a server; nothing listens yet.
    ///
    /// - Parameters:
    ///   - configuration: Limits and time-outs.
    ///   - router: What to serve.
    ///   - tls: The certificate and key to serve it with; nil: in clear.
    ///   - logger: Where the server's own messages go.
    public init(
        configuration: HTTPServer.Configuration = .init(), router: Router, tls: TLSContext? = nil, logger: Logger
    ) {
        core = ServerCore(configuration: configuration, router: router, tls: tls, logger: logger)
    }

    /// Starts listening on `127.0.0.1:8080`, or `[::1]:0` for any free port.
    ///
    /// Also ignores SIGPIPE, and raises the process's limit of descriptors as far as the configured connections need.
    ///
    /// - Returns: The address with its port.
    public func start(address: String) throws(ServerError) -> String {
        try state.withLock { (state) throws(ServerError) in
            guard case .new = state else { throw .alreadyStarted }
            let configuration = core.configuration
            try configuration.check()
            signal(SIGPIPE, SIG_IGN)
            raiseDescriptorLimit(to: configuration.connections + 256)
            let (descriptor, bound) = try listen(
                on: address, backlog: SOMAXCONN, unsentBytes: Int32(clamping: configuration.socketUnsentBytes))
            let loops = (0..<configuration.loops).map { EventLoop($0, core: core) }
            for loop in loops { loop.queue.sync { loop.start() } }
            let acceptor = Acceptor(descriptor: descriptor, loops: loops, core: core)
            acceptor.start()
            state = .running(Running(acceptor: acceptor, loops: loops))
            return bound
        }
    }

    /// Stops the server: accepts no new connections, gives running requests `grace` to finish, and closes the rest.
    ///
    /// Blocks until everything is closed; a handler must not call it. Held replies are answered at once, with the
    /// response of their time-out, and live bodies end.
    public func stop(grace: Duration) {
        let running: Running? = state.withLock { state in
            guard case .running(let running) = state else { return nil }
            state = .stopped
            return running
        }
        guard let running else { return }
        core.isDraining.store(true, ordering: .releasing)
        running.acceptor.stop()
        for loop in running.loops { loop.queue.async { loop.drain() } }
        if core.connections.wait(timeout: .now() + grace / .seconds(1)) == .timedOut {
            for loop in running.loops { loop.queue.async { loop.closeAll() } }
            core.connections.wait()
        }
        for loop in running.loops { loop.queue.sync { loop.stop() } }
    }

    /// The counters since the start.
    public var counters: ServerCounters {
        var counters = core.meter.snapshot
        counters.held = core.held.used
        counters.streams = core.streams.used
        counters.workersBusy = core.workers.busy
        counters.workersWaiting = core.workers.waiting
        counters.searchersBusy = core.searchers.busy
        counters.searchersWaiting = core.searchers.waiting
        return counters
    }

    /// Raises this process's limit of descriptors, as far as the system allows.
    private func raiseDescriptorLimit(to wanted: Int) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < UInt(wanted) else { return }
        limit.rlim_cur = min(UInt(wanted), limit.rlim_max)
        if unsafe setrlimit(resource, &limit) != 0 || limit.rlim_cur < UInt(wanted) {
            core.logger.warning("fewer descriptors than connections", metadata: ["limit": "\(limit.rlim_cur)"])
        }
    }
}
