import FoundationEssentials

extension HTTPServer {
    /// How a server runs; every field has a working default.
    public struct Configuration: Sendable, Equatable {
        /// Event loops; no more than there are cores.
        public var loops = max(1, min(4, ProcessInfo.processInfo.activeProcessorCount))
        /// Handlers of short work that run at once.
        public var workers = 8
        /// Requests that may wait for a worker; one more is a 503.
        public var backlog = 1024
        /// Handlers that run at once of those that search or wait for the network.
        public var searches = 8
        /// Requests that may wait for a worker of the searches; one more is a 503.
        public var searchBacklog = 64
        /// Replies that may be held at once, such as long polls; one more is a 503.
        public var held = 2048
        /// Live bodies that may be open at once, such as streams of events; one more is a 503.
        public var streams = 2048

        /// Bytes of request line and headers, including the blank line; more is a 431.
        public var headBytes = 16 << 10
        /// Bytes of the request's target; more is a 414.
        public var targetBytes = 8 << 10
        /// Header fields of a request; more is a 431.
        public var headerCount = 100
        /// Bytes of a chunk's extensions; more is a 400.
        public var chunkExtensionBytes = 256
        /// Bytes of a chunked body's trailers; more is a 431.
        public var trailerBytes = 4 << 10

        /// Bytes of any body, whatever its route allows; more is a 413.
        public var bodyBytes = 16 << 30
        /// Bytes of a body beyond which it goes to a file.
        public var bodyMemoryThreshold = 1 << 20
        /// Bytes of all bodies in memory together, and of their pieces on the way to files; beyond, even small ones go to
        /// files, in small pieces.
        public var bodyMemoryTotal = 256 << 20
        /// Where such files are made; must exist.
        public var spoolFolder = FileManager.default.temporaryDirectory.path

        /// Connections at once; one more is told 503.
        public var connections = 4096
        /// Connections at once from one address; one more is told 429.
        public var connectionsPerAddress = 2048
        /// Connections at once that are told so; one more is closed without a word.
        public var refusals = 1024
        /// Bytes read ahead of what is being handled; also the size of a receive buffer.
        public var readAheadBytes = 64 << 10
        /// Bytes one connection may receive before the others of its loop get their turn.
        public var turnBytes = 256 << 10
        /// Pipelined requests one connection may have answered before the others get their turn.
        public var turnRequests = 32
        /// Bytes of replies not yet taken by the client; while there are more, no further request is handled.
        public var unsentBytes = 256 << 10
        /// Bytes of replies that the system may hold for a client beyond those that are on their way to it.
        ///
        /// Without this limit, the system takes up to 4 MiB for each client that does not read (`tcp_wmem`).
        public var socketUnsentBytes = 128 << 10

        /// TLS handshakes at once, shared out among the loops; one more ends the one that has waited longest.
        public var handshakes = 1024
        /// Seconds for a whole TLS handshake.
        public var handshakeSeconds = 10.0
        /// Seconds a connection may sit between requests.
        public var idleSeconds = 60.0
        /// Seconds for a whole request head; more is a 408.
        public var headSeconds = 10.0
        /// Seconds within which a body must advance by `progressBytes`, or end; more is a 408.
        public var bodyStallSeconds = 30.0
        /// Seconds within which the client must take `progressBytes` of a reply, or all.
        public var writeStallSeconds = 30.0
        /// What counts as progress.
        public var progressBytes = 1 << 10
        /// Bytes per second that a body must have on average after its first `bodyStallSeconds`; fewer is a 408.
        ///
        /// Only the time in which the server waits for the client counts. 0: a body may be as slow as `progressBytes` allows.
        public var bodyBytesPerSecond = 256
        /// Bytes per second of its replies that a client must take on average after the first `writeStallSeconds`.
        ///
        /// The average begins anew whenever the client has taken everything. 0: as slow as `progressBytes` allows.
        public var writeBytesPerSecond = 256
        /// Seconds a held reply may wait at most.
        public var heldSeconds = 60.0
        /// Seconds to read on after an early refusal, so that the client sees it.
        public var lingerSeconds = 2.0
        /// Bytes to read on after an early refusal.
        public var lingerBytes = 4 << 20
        /// What `Retry-After` says when overloaded.
        public var retryAfterSeconds = 1
        /// Whether each request is logged, in one line at level info, whatever the logger's own level.
        public var logsRequests = false

        /// Creates the defaults.
        public init() {}

        /// Refuses values with which no server can run.
        func check() throws(ServerError) {
            guard loops > 0, workers > 0, searches > 0, min(backlog, searchBacklog, held, streams, refusals) >= 0 else {
                throw .configuration(reason: "loops and workers must be positive, and backlogs not negative")
            }
            let seconds = [
                handshakeSeconds, idleSeconds, headSeconds, bodyStallSeconds, writeStallSeconds, heldSeconds,
                lingerSeconds,
            ]
            guard seconds.allSatisfy({ $0 > 0 && $0.isFinite }) else {
                throw .configuration(reason: "times must be positive")
            }
            let counts = [
                headBytes, targetBytes, headerCount, handshakes, connections, connectionsPerAddress, turnBytes,
                turnRequests, unsentBytes, socketUnsentBytes, progressBytes, lingerBytes, retryAfterSeconds,
            ]
            guard counts.allSatisfy({ $0 > 0 }) else { throw .configuration(reason: "counts must be positive") }
            let optional = [
                chunkExtensionBytes, trailerBytes, bodyBytes, bodyMemoryThreshold, bodyMemoryTotal, bodyBytesPerSecond,
                writeBytesPerSecond,
            ]
            guard optional.allSatisfy({ $0 >= 0 }) else {
                throw .configuration(reason: "limits and rates of bodies must not be negative")
            }
            guard readAheadBytes >= headBytes else {
                throw .configuration(reason: "a receive buffer must hold a whole head")
            }
            guard FileManager.default.isWritableFile(atPath: spoolFolder) else { throw .spoolFolder(spoolFolder) }
        }
    }
}
