extension Service.Configuration {
    /// Where webhooks may go, and how they are delivered.
    public struct Webhooks: Sendable, Equatable {
        /// The host names and networks that webhooks may go to; empty: none.
        public var allowed: [String] = []
        /// A PEM file with the certificates of the authorities that sign receivers' certificates; nil: the system's.
        public var authorities: String?
        /// Deliveries at once.
        public var workers = 4
        /// Seconds for one delivery.
        public var seconds = 10.0
        /// Bytes of a receiver's answer.
        public var answerBytes = 64 << 10
        /// Seconds after the first failure until a webhook is delivered again; twice as long after each further one.
        public var retrySeconds = 5.0
        /// The most seconds between two attempts.
        public var retryLimitSeconds = 3600.0

        /// The defaults.
        public init() {}
    }
}

extension ConfigurationField {
    static let webhooks = [
        ConfigurationField(
            "webhooks.allowed", .list(\.webhooks.allowed, of: .targets),
            "The host names and networks that webhooks may go to. A name is allowed under TLS, where it leads to a public address; a "
                + "network in clear too."),
        ConfigurationField(
            "webhooks.authorities", .optionalPath(\.webhooks.authorities), default: "those that the system trusts",
            "A PEM file with the certificates of the authorities that receivers' certificates come from."),
        ConfigurationField(
            "webhooks.workers", .whole(\.webhooks.workers, in: 1...64), unit: "threads",
            "How many webhooks are delivered at once."),
        ConfigurationField(
            "webhooks.seconds", .real(\.webhooks.seconds, in: 0.1...300), unit: "s",
            "How long one delivery may take; looking up the host's name is not interrupted."),
        ConfigurationField(
            "webhooks.answer_bytes", .whole(\.webhooks.answerBytes, in: 0...(1 << 20)), unit: "bytes",
            "The largest answer of a receiver; with a larger one the delivery has failed."),
        ConfigurationField(
            "webhooks.retry_seconds", .real(\.webhooks.retrySeconds, in: 0.1...3600), unit: "s",
            "How long a webhook waits after its first failure; twice as long after each further one, less up to a half by chance."
        ),
        ConfigurationField(
            "webhooks.retry_limit_seconds", .real(\.webhooks.retryLimitSeconds, in: 0.1...86_400), unit: "s",
            "The longest wait between two attempts."),
    ]
}
