public import Embedding
internal import FoundationEssentials
public import HTTP

/// How a service runs; every field has a working default, and `validate()` checks them together once, at start.
public struct ServiceConfiguration: Codable, Sendable, Equatable {
    /// The data folder; created when it is missing.
    public var dataFolder = "data"
    /// The weights to serve; nil: `model.safetensors` in the data folder.
    public var modelPath: String?
    /// The folder of the dashboard, served at `/`; nil: no dashboard.
    public var publicFolder: String?
    /// Where operators and dashboards ask, `host:port` (0: a free port); loopback only, since queries need no token.
    public var queryAddress = "127.0.0.1:8080"
    /// Where galleries are changed, `host:port` (0: a free port); every request needs the bearer token.
    public var adminAddress = "127.0.0.1:8081"
    /// Limits and time-outs of both listeners; the spool folder is always the data folder's.
    public var server = ServerConfiguration()
    /// The network's queue, batches and threads.
    public var embedder = Embedder.Configuration()
    /// What a query's image, body and answer may be.
    public var limits = ServiceLimits()
    /// The options of a search that names none.
    public var ranking = RankingDefaults()
    /// Milliseconds in which changes of a gallery are gathered before its standing queries are ranked again.
    public var standingQueryDelay = 500
    /// Images that enrollment embeds and commits at once.
    public var enrollmentChunk = 16

    /// The defaults.
    public init() {}

    /// Reads a configuration; a field that is absent keeps its default.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        try fields.read(.dataFolder, into: &dataFolder)
        modelPath = try fields.decodeIfPresent(String.self, forKey: .modelPath)
        publicFolder = try fields.decodeIfPresent(String.self, forKey: .publicFolder)
        try fields.read(.queryAddress, into: &queryAddress)
        try fields.read(.adminAddress, into: &adminAddress)
        try fields.read(.server, into: &server)
        try fields.read(.embedder, into: &embedder)
        try fields.read(.limits, into: &limits)
        try fields.read(.ranking, into: &ranking)
        try fields.read(.standingQueryDelay, into: &standingQueryDelay)
        try fields.read(.enrollmentChunk, into: &enrollmentChunk)
    }

    /// Reads a configuration file's JSON; a field that there is not is refused by name.
    ///
    /// - Throws: `ConfigurationError.unknownField`, or `DecodingError`.
    public init(json: [UInt8]) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json))
        // Whatever was understood is written again; the rest was not.
        let known = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(self))
        let given = try JSONDecoder().decode(JSONValue.self, from: Data(json))
        if let field = given.firstMember(missingIn: known) { throw ConfigurationError.unknownField(field) }
    }

    private enum CodingKeys: String, CodingKey {
        case dataFolder = "data_folder"
        case modelPath = "model_path"
        case publicFolder = "public_folder"
        case queryAddress = "query_address"
        case adminAddress = "admin_address"
        case server, embedder, limits, ranking
        case standingQueryDelay = "standing_query_delay"
        case enrollmentChunk = "enrollment_chunk"
    }

    /// The data folder's files by name.
    public var folder: DataFolder { DataFolder(dataFolder) }

    /// Refuses a configuration that could only fail later, or would be unsafe.
    ///
    /// The query listener answers without a token, so it must be on loopback; put a proxy that authenticates in front of
    /// it to reach it from elsewhere.
    public func validate() throws(ConfigurationError) {
        guard !dataFolder.isEmpty else { throw .outOfRange(field: "data_folder", allowed: "a path") }
        guard let query = ListenerAddress(queryAddress) else { throw .malformedAddress(queryAddress) }
        guard ListenerAddress(adminAddress) != nil else { throw .malformedAddress(adminAddress) }
        guard query.isLoopback else { throw .queriesWithoutToken(address: queryAddress) }
        if let fault = embedder.fault { throw .outOfRange(field: "embedder." + fault.field, allowed: fault.allowed) }
        try limits.validate()
        try ranking.validate(maximumResults: limits.results)
        guard 0...60_000 ~= standingQueryDelay else {
            throw .outOfRange(field: "standing_query_delay", allowed: "0...60000 ms")
        }
        guard 1...4096 ~= enrollmentChunk else { throw .outOfRange(field: "enrollment_chunk", allowed: "1...4096") }
    }
}

/// Why a service cannot run as configured.
public enum ConfigurationError: Error, Sendable, Equatable {
    /// There is no such field; dots lead into objects.
    case unknownField(String)
    /// A field's value is outside what is allowed.
    case outOfRange(field: String, allowed: String)
    /// Not `host:port` with a numeric host or `localhost`.
    case malformedAddress(String)
    /// The query listener asks for no token, so only loopback may reach it.
    case queriesWithoutToken(address: String)
}

extension ConfigurationError: CustomStringConvertible {
    /// One sentence for the person who starts the service.
    public var description: String {
        switch self {
        case .unknownField(let field): "there is no configuration field \(field)"
        case .outOfRange(let field, let allowed): "configuration field \(field) must be \(allowed)"
        case .malformedAddress(let address): "'\(address)' is not an address of the form 127.0.0.1:8080 or [::1]:8080"
        case .queriesWithoutToken(let address):
            "the query listener asks for no token, so it listens on loopback only, not on \(address); "
                + "put an authenticating proxy in front of it to reach it from elsewhere"
        }
    }
}
