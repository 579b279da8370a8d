public import CSPRModel
public import Embedding
public import Gallery
internal import HTTP
public import Logging
internal import Synchronization

/// Everything that routes work with; opened once at start, and shared by both listeners.
public final class ServiceContext: Sendable {
    /// How the service runs.
    public let configuration: Service.Configuration
    /// Where the service keeps its files.
    public let folder: DataFolder
    /// Galleries, images, batches and kept queries.
    public let store: GalleryStore
    /// The network that is served: new galleries are bound to it.
    public let network: Network
    /// The network of galleries that are not re-embedded yet; nil: none is loaded beside the served one.
    public let previous: Network?
    /// Tells who asks.
    public let gatekeeper: Gatekeeper
    /// Counters and timers behind `/metrics`.
    public let metrics: ServiceMetrics
    /// The service's logger.
    public let logger: Logger
    /// Who did what, and what was shown.
    let audit: Audit
    /// Why enrollment is held up; nil: it is not.
    let enrollmentFault = Mutex<String?>(nil)
    /// The galleries of which nothing is erased for its age, because the clock cannot be trusted.
    let suspendedRetentions = Mutex<Set<String>>([])
    /// The galleries that get another model at this moment.
    let modelChanges = ModelChanges()
    /// The indices of batches that wait to be enrolled.
    let acceptedIndexes = AcceptedIndexes()
    /// How many pixels may be in decoding at once.
    let decoding: DecodingBudget
    /// The answers that are ready for the event loops.
    let answers = AnswerCache()
    /// Why kept queries could not be ranked again.
    let failures = QueryFailures()
    /// The streams of events that are open.
    let streams: RankingStreams
    private let observation: GalleryObservation

    /// Joins the parts, which are open already.
    public init(
        configuration: Service.Configuration, folder: DataFolder, store: GalleryStore, network: Network,
        previous: Network? = nil, gatekeeper: Gatekeeper, metrics: ServiceMetrics, logger: Logger
    ) {
        self.configuration = configuration
        self.folder = folder
        self.store = store
        self.network = network
        self.previous = previous
        self.gatekeeper = gatekeeper
        self.metrics = metrics
        self.logger = logger
        // A request that waits occupies a worker of the searches; three quarters of them stay free for others.
        decoding = DecodingBudget(
            pixels: configuration.limits.decodingPixels, wait: .seconds(configuration.limits.decodingWait),
            waiters: max(1, configuration.server.searches / 4))
        streams = RankingStreams(gatekeeper: gatekeeper, configuration: configuration.events)
        audit = Audit(store: store, configuration: configuration.audit, logger: logger)
        observation = store.observe { [answers] change in answers.take(change) }
    }

    /// The model being served.
    public var model: CSPRModel { network.model }
    /// What it gives for images of people; nil: it is not known.
    public var profile: ModelProfile? { network.profile }
    /// Turns images into its unit vectors, in batches.
    public var embedder: Embedder { network.embedder }
}
