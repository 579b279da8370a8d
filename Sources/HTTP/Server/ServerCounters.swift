/// What a server has done so far, for metrics.
public struct ServerCounters: Sendable, Equatable {
    /// Connections accepted since the start.
    public var connectionsAccepted = 0
    /// Connections open now.
    public var connectionsOpen = 0
    /// Connections told that there are too many.
    public var connectionsRefused = 0
    /// Final responses by status code.
    public var responses: [Int: Int] = [:]
    /// Bytes received.
    public var bytesReceived = 0
    /// Bytes sent.
    public var bytesSent = 0
    /// Requests waiting for a held reply now.
    public var held = 0
    /// Handlers running now.
    public var workersBusy = 0
    /// Requests waiting for a worker now.
    public var workersWaiting = 0
    /// Requests refused because all workers were busy and the backlog full.
    public var overloads = 0
    /// Connections that ran out of time.
    public var timeouts = 0

    /// Creates counters at zero.
    public init() {}
}
