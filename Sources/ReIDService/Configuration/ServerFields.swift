internal import HTTP

/// The fields of `HTTPServer.Configuration`; they hold for each of the two listeners.
extension ConfigurationField {
    static let server = [
        ConfigurationField(
            "server.loops", .whole(\.server.loops, in: 1...1024), unit: "threads",
            default: "one per core, at most 4", "Event loops, which read requests and write replies."),
        ConfigurationField(
            "server.workers", .whole(\.server.workers, in: 1...1024), unit: "threads",
            "How many handlers of short work run at once."),
        ConfigurationField(
            "server.backlog", .whole(\.server.backlog, in: 0...1_000_000), unit: "requests",
            "How many requests may wait for a worker; one more is answered 503."),
        ConfigurationField(
            "server.searches", .whole(\.server.searches, in: 1...1024), unit: "threads",
            "How many handlers that search or wait for the network run at once."),
        ConfigurationField(
            "server.search_backlog", .whole(\.server.searchBacklog, in: 0...1_000_000), unit: "requests",
            "How many such requests may wait; one more is answered 503."),
        ConfigurationField(
            "server.held", .whole(\.server.held, in: 0...1_000_000), unit: "requests",
            "How many polls may be held at once; one more is answered 503."),
        ConfigurationField(
            "server.streams", .whole(\.server.streams, in: 0...1_000_000), unit: "streams",
            "How many streams of events may be open at once; one more is answered 503."),
        ConfigurationField(
            "server.head_bytes", .whole(\.server.headBytes, in: 1...(1 << 20)), unit: "bytes",
            "The largest request line with its header fields; more is answered 431."),
        ConfigurationField(
            "server.target_bytes", .whole(\.server.targetBytes, in: 1...(1 << 20)), unit: "bytes",
            "The longest target of a request; more is answered 414."),
        ConfigurationField(
            "server.header_count", .whole(\.server.headerCount, in: 1...10_000), unit: "fields",
            "The most header fields of a request; more is answered 431."),
        ConfigurationField(
            "server.chunk_extension_bytes", .whole(\.server.chunkExtensionBytes, in: 0...(1 << 20)), unit: "bytes",
            "The longest extensions of a chunk; more is answered 400."),
        ConfigurationField(
            "server.trailer_bytes", .whole(\.server.trailerBytes, in: 0...(1 << 20)), unit: "bytes",
            "The largest trailers of a chunked body; more is answered 431."),
        ConfigurationField(
            "server.body_bytes", .whole(\.server.bodyBytes, in: 0...(1 << 40)), unit: "bytes",
            "The largest body, whatever its route allows; more is answered 413."),
        ConfigurationField(
            "server.body_memory_threshold", .whole(\.server.bodyMemoryThreshold, in: 0...(1 << 30)), unit: "bytes",
            "The largest body that is kept in memory; a larger one goes to a file."),
        ConfigurationField(
            "server.body_memory_total", .whole(\.server.bodyMemoryTotal, in: 0...(1 << 40)), unit: "bytes",
            "The most memory for all bodies and their pieces on the way to files; beyond it, small bodies go to files too, "
                + "in small pieces."),
        ConfigurationField(
            "server.connections", .whole(\.server.connections, in: 1...1_000_000), unit: "connections",
            "The most connections at once; one more is answered 503."),
        ConfigurationField(
            "server.connections_per_address", .whole(\.server.connectionsPerAddress, in: 1...1_000_000),
            unit: "connections", "The most connections at once from one address; one more is answered 429."),
        ConfigurationField(
            "server.refusals", .whole(\.server.refusals, in: 0...1_000_000), unit: "connections",
            "How many connections may be told at once that there are too many; one more is closed without a word."),
        ConfigurationField(
            "server.handshakes", .whole(\.server.handshakes, in: 1...1_000_000), unit: "handshakes",
            "The most TLS handshakes at once on one listener; one more ends the one that has waited longest."),
        ConfigurationField(
            "server.read_ahead_bytes", .whole(\.server.readAheadBytes, in: 1...(1 << 30)), unit: "bytes",
            "The size of a receive buffer, and how far a connection is read ahead; at least `server.head_bytes`."),
        ConfigurationField(
            "server.turn_bytes", .whole(\.server.turnBytes, in: 1...(1 << 30)), unit: "bytes",
            "How much one connection may receive before the others of its loop get their turn."),
        ConfigurationField(
            "server.turn_requests", .whole(\.server.turnRequests, in: 1...10_000), unit: "requests",
            "How many pipelined requests of one connection are answered before the others get their turn."),
        ConfigurationField(
            "server.unsent_bytes", .whole(\.server.unsentBytes, in: 1...(1 << 30)), unit: "bytes",
            "How much of its replies a client may leave unread before its next request has to wait."),
        ConfigurationField(
            "server.socket_unsent_bytes", .whole(\.server.socketUnsentBytes, in: 1...(1 << 30)), unit: "bytes",
            "How much of its replies the system may hold for a client that does not read; without this limit, up to 4 MiB."
        ),
    ]

    /// The range of every timeout, in seconds: at least a clock tick, at most a day.
    private static let seconds = 0.001...86_400.0

    static let serverTimes = [
        ConfigurationField(
            "server.handshake_seconds", .real(\.server.handshakeSeconds, in: seconds), unit: "s",
            "How long a TLS handshake may take."),
        ConfigurationField(
            "server.idle_seconds", .real(\.server.idleSeconds, in: seconds), unit: "s",
            "How long a connection may stay open between requests."),
        ConfigurationField(
            "server.head_seconds", .real(\.server.headSeconds, in: seconds), unit: "s",
            "How long a request line with its header fields may take; more is answered 408."),
        ConfigurationField(
            "server.body_stall_seconds", .real(\.server.bodyStallSeconds, in: seconds), unit: "s",
            "How long a body may take for its next `server.progress_bytes`; more is answered 408."),
        ConfigurationField(
            "server.write_stall_seconds", .real(\.server.writeStallSeconds, in: seconds), unit: "s",
            "How long a client may take to read the next `server.progress_bytes` of a reply."),
        ConfigurationField(
            "server.progress_bytes", .whole(\.server.progressBytes, in: 1...(1 << 30)), unit: "bytes",
            "What a slow client must send or read in the two times above."),
        ConfigurationField(
            "server.body_bytes_per_second", .whole(\.server.bodyBytesPerSecond, in: 0...(1 << 30)), unit: "bytes/s",
            "The least average of a body after its first `server.body_stall_seconds`; less is answered 408; 0: any."),
        ConfigurationField(
            "server.write_bytes_per_second", .whole(\.server.writeBytesPerSecond, in: 0...(1 << 30)), unit: "bytes/s",
            "The least average at which a client must read a reply after `server.write_stall_seconds`; 0: any."),
        ConfigurationField(
            "server.held_seconds", .real(\.server.heldSeconds, in: seconds), unit: "s",
            "The longest time for which a reply may be held; at least `limits.wait` is always granted."),
        ConfigurationField(
            "server.linger_seconds", .real(\.server.lingerSeconds, in: seconds), unit: "s",
            "How long the server reads on after an early refusal, so that the client sees the reply."),
        ConfigurationField(
            "server.linger_bytes", .whole(\.server.lingerBytes, in: 1...(1 << 30)), unit: "bytes",
            "How much the server reads on after an early refusal."),
        ConfigurationField(
            "server.retry_after_seconds", .whole(\.server.retryAfterSeconds, in: 1...3600), unit: "s",
            "What the `Retry-After` header says when the server is overloaded."),
    ]
}
