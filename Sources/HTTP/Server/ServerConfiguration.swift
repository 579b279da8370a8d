import FoundationEssentials

/// How a server runs; every field has a working default, and a JSON file may give only some.
public struct ServerConfiguration: Codable, Sendable, Equatable {
    /// Event loops; no more than there are cores.
    public var loops = max(1, min(4, ProcessInfo.processInfo.activeProcessorCount))
    /// Handlers that run at once.
    public var workers = 8
    /// Requests that may wait for a worker; one more is a 503.
    public var backlog = 64

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
    /// Bytes of all bodies in memory together; beyond, even small ones go to files.
    public var bodyMemoryTotal = 256 << 20
    /// Where such files are made; must exist.
    public var spoolFolder = FileManager.default.temporaryDirectory.path

    /// Connections at once; one more is told 503.
    public var connections = 4096
    /// Connections at once from one address; one more is told 429.
    public var connectionsPerAddress = 256
    /// Bytes read ahead of what is being handled; also the size of a receive buffer.
    public var readAheadBytes = 64 << 10
    /// Bytes one connection may receive before the others of its loop get their turn.
    public var turnBytes = 256 << 10
    /// Pipelined requests one connection may have answered before the others get their turn.
    public var turnRequests = 32
    /// Bytes of replies not yet taken by the client; while there are more, no further request is handled.
    public var unsentBytes = 256 << 10

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
    /// Seconds a held reply may wait at most.
    public var heldSeconds = 60.0
    /// Seconds to read on after an early refusal, so that the client sees it.
    public var lingerSeconds = 2.0
    /// Bytes to read on after an early refusal.
    public var lingerBytes = 4 << 20
    /// What `Retry-After` says when overloaded.
    public var retryAfterSeconds = 1

    /// Creates the defaults.
    public init() {}

    /// Reads the fields that are there; the others keep their defaults.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func take<T: Decodable>(_ key: CodingKeys, _ path: WritableKeyPath<Self, T>) throws {
            if let value = try fields.decodeIfPresent(T.self, forKey: key) { self[keyPath: path] = value }
        }
        try take(.loops, \.loops)
        try take(.workers, \.workers)
        try take(.backlog, \.backlog)
        try take(.headBytes, \.headBytes)
        try take(.targetBytes, \.targetBytes)
        try take(.headerCount, \.headerCount)
        try take(.chunkExtensionBytes, \.chunkExtensionBytes)
        try take(.trailerBytes, \.trailerBytes)
        try take(.bodyBytes, \.bodyBytes)
        try take(.bodyMemoryThreshold, \.bodyMemoryThreshold)
        try take(.bodyMemoryTotal, \.bodyMemoryTotal)
        try take(.spoolFolder, \.spoolFolder)
        try take(.connections, \.connections)
        try take(.connectionsPerAddress, \.connectionsPerAddress)
        try take(.readAheadBytes, \.readAheadBytes)
        try take(.turnBytes, \.turnBytes)
        try take(.turnRequests, \.turnRequests)
        try take(.unsentBytes, \.unsentBytes)
        try take(.idleSeconds, \.idleSeconds)
        try take(.headSeconds, \.headSeconds)
        try take(.bodyStallSeconds, \.bodyStallSeconds)
        try take(.writeStallSeconds, \.writeStallSeconds)
        try take(.progressBytes, \.progressBytes)
        try take(.heldSeconds, \.heldSeconds)
        try take(.lingerSeconds, \.lingerSeconds)
        try take(.lingerBytes, \.lingerBytes)
        try take(.retryAfterSeconds, \.retryAfterSeconds)
    }

    private enum CodingKeys: String, CodingKey {
        case loops, workers, backlog, connections
        case headBytes = "head_bytes"
        case targetBytes = "target_bytes"
        case headerCount = "header_count"
        case chunkExtensionBytes = "chunk_extension_bytes"
        case trailerBytes = "trailer_bytes"
        case bodyBytes = "body_bytes"
        case bodyMemoryThreshold = "body_memory_threshold"
        case bodyMemoryTotal = "body_memory_total"
        case spoolFolder = "spool_folder"
        case connectionsPerAddress = "connections_per_address"
        case readAheadBytes = "read_ahead_bytes"
        case turnBytes = "turn_bytes"
        case turnRequests = "turn_requests"
        case unsentBytes = "unsent_bytes"
        case idleSeconds = "idle_seconds"
        case headSeconds = "head_seconds"
        case bodyStallSeconds = "body_stall_seconds"
        case writeStallSeconds = "write_stall_seconds"
        case progressBytes = "progress_bytes"
        case heldSeconds = "held_seconds"
        case lingerSeconds = "linger_seconds"
        case lingerBytes = "linger_bytes"
        case retryAfterSeconds = "retry_after_seconds"
    }

    /// Refuses values that make no sense.
    func check() throws(ServerError) {
        let positive: [(String, Int)] = [
            ("loops", loops), ("workers", workers), ("head_bytes", headBytes), ("target_bytes", targetBytes),
            ("header_count", headerCount), ("connections", connections),
            ("connections_per_address", connectionsPerAddress),
            ("turn_bytes", turnBytes), ("turn_requests", turnRequests), ("unsent_bytes", unsentBytes),
            ("progress_bytes", progressBytes), ("linger_bytes", lingerBytes),
            ("retry_after_seconds", retryAfterSeconds),
        ]
        for (field, value) in positive where value < 1 {
            throw .configuration(field: field, reason: "must be positive")
        }
        let counts: [(String, Int)] = [
            ("backlog", backlog), ("chunk_extension_bytes", chunkExtensionBytes), ("trailer_bytes", trailerBytes),
            ("body_bytes", bodyBytes), ("body_memory_threshold", bodyMemoryThreshold),
            ("body_memory_total", bodyMemoryTotal),
        ]
        for (field, value) in counts where value < 0 {
            throw .configuration(field: field, reason: "must not be negative")
        }
        let seconds: [(String, Double)] = [
            ("idle_seconds", idleSeconds), ("head_seconds", headSeconds), ("body_stall_seconds", bodyStallSeconds),
            ("write_stall_seconds", writeStallSeconds), ("held_seconds", heldSeconds),
            ("linger_seconds", lingerSeconds),
        ]
        for (field, value) in seconds where !(value > 0) {
            throw .configuration(field: field, reason: "must be positive")
        }
        guard readAheadBytes >= headBytes else {
            throw .configuration(field: "read_ahead_bytes", reason: "must be at least head_bytes")
        }
        guard FileManager.default.isWritableFile(atPath: spoolFolder) else { throw .spoolFolder(spoolFolder) }
    }
}
