extension Service.Configuration {
    /// How streams of events are kept open.
    public struct Events: Sendable, Equatable {
        /// Seconds of silence after which a stream gets a line that clients skip.
        public var heartbeatSeconds = 15.0
        /// Seconds after which a client that lost its stream comes back.
        public var retrySeconds = 3.0

        /// The defaults.
        public init() {}
    }
}

extension ConfigurationField {
    static let events = [
        ConfigurationField(
            "events.heartbeat_seconds", .real(\.events.heartbeatSeconds, in: 0.1...3600), unit: "s",
            "How long a stream of events is silent before it gets a line that clients skip; so a client that is gone is noticed, "
                + "and a token that has expired."),
        ConfigurationField(
            "events.retry_seconds", .real(\.events.retrySeconds, in: 0.1...3600), unit: "s",
            "How long a browser waits before it comes back to a stream of events that was cut."),
    ]
}
