public import Embedding
public import HTTP
public import Logging

extension Service {
    /// How a service runs: plain values, each with a working default.
    ///
    /// `ConfigurationField.all` gives every value its name, unit and range; `init(file:environment:options:)` reads them.
    public struct Configuration: Sendable, Equatable {
        /// The data folder; created if it is missing.
        public var dataFolder = "data"
        /// The weights to serve; nil: `model.safetensors` in the data folder.
        public var modelPath: String?
        /// The weights of galleries that are not re-embedded yet; nil: these cannot be searched by image.
        public var previousModelPath: String?
        /// The folder of the dashboard, served at `/`; nil: no dashboard.
        public var publicFolder: String?
        /// The address of the query listener, `host:port` (0: a free port); it asks for a token unless this is loopback.
        public var queryAddress = "127.0.0.1:8080"
        /// The address of the admin listener, `host:port` (0: a free port); requests need the bearer token.
        public var adminAddress = "127.0.0.1:8081"
        /// The host names that the service goes by, beside addresses and `localhost`.
        public var serverNames: [String] = []
        /// The origins of pages elsewhere that may use the service.
        public var serverOrigins: [String] = []
        /// Who must show a token.
        public var tokens = Service.Configuration.Tokens()
        /// Milliseconds in which changes of a gallery are gathered before its standing queries are ranked again.
        public var standingQueryDelay = 500
        /// Images that enrollment embeds at once.
        public var enrollmentChunk = 16
        /// Items that enrollment commits at once.
        public var enrollmentCommitItems = 4096
        /// Milliseconds for which an item that is ready waits for others to be committed with.
        public var enrollmentCommitDelay = 250
        /// The least severe messages that are logged.
        public var logLevel = Logger.Level.info
        /// Limits, timeouts and access log of both listeners; the spool folder is always in the data folder.
        public var server = HTTPServer.Configuration()
        /// The certificate and key of both listeners.
        public var tls = Service.Configuration.TLS()
        /// How streams of events are kept open.
        public var events = Service.Configuration.Events()
        /// Where webhooks may go, and how they are delivered.
        public var webhooks = Service.Configuration.Webhooks()
        /// The network's queue, batches and threads.
        public var embedder = Embedder.Configuration()
        /// Limits of images, bodies and answers.
        public var limits = Service.Configuration.Limits()
        /// How the audit is written.
        public var audit = Service.Configuration.Audit()
        /// The long work that administrators ask for.
        public var jobs = Service.Configuration.Jobs()
        /// The defaults of the options of a search.
        public var ranking = Service.Configuration.Ranking()

        /// The defaults.
        public init() {}
    }
}

extension Service.Configuration {
    /// The data folder's files by name.
    public var folder: DataFolder { DataFolder(dataFolder) }

    /// Refuses values outside their ranges, and values that do not fit together.
    public func validate() throws(ConfigurationError) {
        var copy = self
        for field in ConfigurationField.all {
            if let value = field.value(in: self) { try field.set(value, in: &copy, as: field.name) }
        }
        try tls.validate()
        guard ranking.limit <= limits.results else {
            throw .outOfRange(
                field: "ranking.limit", value: "\(ranking.limit)", allowed: "at most limits.results, \(limits.results)")
        }
        guard server.readAheadBytes >= server.headBytes else {
            throw .outOfRange(
                field: "server.read_ahead_bytes", value: "\(server.readAheadBytes)",
                allowed: "at least server.head_bytes, \(server.headBytes)")
        }
    }
}
