extension Service.Configuration {
    /// Who must show a token, and how long a dashboard stays signed in.
    public struct Tokens: Sendable, Equatable {
        /// Whether the query listener asks for a token on loopback too; everywhere else it does so anyway.
        public var required = false
        /// Hours for which a dashboard stays signed in.
        public var sessionHours = 12
        /// Dashboards that are signed in at once.
        public var sessions = 1000
        /// Wrong tokens that one address may sign in with in a minute.
        public var wrongSignInsPerMinute = 10

        /// The defaults.
        public init() {}
    }

    /// Whether the query listener asks for a token: if that is configured, or if others than this machine can reach it.
    public var queriesNeedToken: Bool { tokens.required || ListenerAddress(queryAddress)?.isLoopback != true }
}
