extension Service.Configuration {
    /// How the audit is written.
    public struct Audit: Sendable, Equatable {
        /// Whether searches are refused while the audit cannot be written.
        public var isRequired = true
        /// Milliseconds in which rows of searches are gathered before they are committed together.
        public var delay = 100
        /// Rows that may wait to be committed before searches wait, too.
        public var queueLimit = 1000
        /// Kinds of refusals (by token, address and reason) that are told apart in a minute.
        public var refusalsPerMinute = 100

        /// The defaults.
        public init() {}
    }
}

extension ConfigurationField {
    static let audit = [
        ConfigurationField(
            "audit.required", .flag(\.audit.isRequired),
            "Whether searches are answered 503 while the audit cannot be written, for example on a full disk."),
        ConfigurationField(
            "audit.delay", .whole(\.audit.delay, in: 1...60_000), unit: "ms",
            "How long the audit's rows of searches are gathered before they are committed together."),
        ConfigurationField(
            "audit.queue_limit", .whole(\.audit.queueLimit, in: 1...1_000_000), unit: "rows",
            "How many rows of the audit may wait to be committed; then searches wait, too."),
        ConfigurationField(
            "audit.refusals_per_minute", .whole(\.audit.refusalsPerMinute, in: 1...10_000), unit: "rows",
            "How many kinds of refusals, by token, address and reason, get rows of their own in a minute."),
    ]
}
