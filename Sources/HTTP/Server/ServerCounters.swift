/// Counts of what a server has done and is doing, for metrics.
public struct ServerCounters: Sendable, Equatable {
    /// Connections accepted since the start.
    public var connectionsAccepted = 0
    /// Connections open now.
    public var connectionsOpen = 0
    /// Connections that were refused because there were too many.
    public var connectionsRefused = 0
    /// TLS handshakes that were completed.
    public var handshakes = 0
    /// Completed handshakes that went on with an earlier session.
    public var handshakesResumed = 0
    /// TLS handshakes that failed.
    public var handshakesFailed = 0
    /// Handshakes that were given up for newer ones, because too many were running.
    public var handshakesRefused = 0
    /// Final responses by status code.
    public var responses: [Int: Int] = [:]
    /// Bytes received.
    public var bytesReceived = 0
    /// Bytes sent.
    public var bytesSent = 0
    /// Requests waiting for a held reply now.
    public var held = 0
    /// Live bodies that are open now.
    public var streams = 0
    /// The number of short handlers that run now.
    public var workersBusy = 0
    /// Requests waiting for a worker now.
    public var workersWaiting = 0
    /// The number of handlers of searches that run now.
    public var searchersBusy = 0
    /// Requests waiting for a worker of the searches now.
    public var searchersWaiting = 0
    /// Requests refused because all their workers were busy and the backlog full, too many replies were held, or too many
    /// live bodies were open.
    public var overloads = 0
    /// Connections that were closed because a deadline passed.
    public var timeouts = 0

    /// Creates counters at zero.
    public init() {}
}
