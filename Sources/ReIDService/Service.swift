internal import CSPRModel
internal import Dispatch
internal import Embedding
internal import Foundation
internal import Gallery
public import HTTP
internal import HTTPTypes
public import Logging
internal import Synchronization

/// The whole service in one process: data folder, network threads, both listeners.
///
/// `init` opens everything without listening, `start` listens, and `stop` closes everything in the opposite order. It
/// never prints.
public final class Service: Sendable {
    /// Everything that the routes work with.
    public let context: ServiceContext
    /// The query listener's routes.
    public let queryRouter: Router
    /// The admin listener's routes.
    public let adminRouter: Router

    private struct Addresses {
        var query = ""
        var admin = ""
    }

    /// The certificates of the listeners, by their names; empty: they speak in clear.
    ///
    /// The admin listener's is the first, since it has more files: if they can all be read, the other's can too.
    private let certificates: [(listener: String, context: TLSContext)]
    private let queryServer: HTTPServer
    private let adminServer: HTTPServer
    private let batches: BatchProcessor
    private let jobs: JobRunner
    let standingQueries: StandingQueries
    let rankingNews: RankingNews
    let waiters = RankingWaiters()
    let webhooks: WebhookSender
    let queryCleaner: QueryCleaner
    let retentionKeeper: RetentionKeeper
    private let status = ServiceStatus()
    private let addresses = Mutex(Addresses())

    /// Opens the data folder, the database, the weights and the network threads.
    ///
    /// The database is opened first, because its lock keeps a second service out of the folder.
    ///
    /// - Throws: `ConfigurationError`, `StartError`, `GalleryError`, `AdminTokenError`, `TLSError`; each describes itself.
    public init(configuration: Service.Configuration, logger: Logger) throws {
        try configuration.validate()
        let folder = configuration.folder
        for path in [folder.path, folder.batches, folder.spool] { try Self.createFolder(path) }
        if configuration.jobs.backupFolders.isEmpty { try Self.createFolder(folder.backups) }
        let queryTLS = try configuration.tls.query.map { files in try TLSContext(files) }
        let adminTLS = try configuration.tls.admin.map { files in try TLSContext(files) }
        certificates = [("admin", adminTLS), ("query", queryTLS)].compactMap { name, tls in tls.map { (name, $0) } }
        let store = try StartReserve.openStore(folder, logger: logger)
        try Self.removeLeftovers(folder.spool)
        let tokens = try TokenBook(store: store, adminToken: AdminToken(path: folder.adminToken), logger: logger)
        let weights = configuration.modelPath ?? folder.model
        let network = try Self.startNetwork(try Self.load(weights), weights, configuration.embedder, logger)
        let model = network.model
        if !model.isTrained { logger.warning("the model is untrained", metadata: ["model": "\(model.identity)"]) }
        context = ServiceContext(
            configuration: configuration, folder: folder, store: store, network: network,
            previous: try Self.startPrevious(configuration, beside: network, logger),
            gatekeeper: Gatekeeper(tokens: tokens, configuration: configuration), metrics: ServiceMetrics(),
            logger: logger)
        standingQueries = StandingQueries(service: context)
        rankingNews = RankingNews(service: context, waiters: waiters)
        webhooks = WebhookSender(service: context)
        queryCleaner = QueryCleaner(service: context)
        retentionKeeper = RetentionKeeper(service: context)
        batches = BatchProcessor(context: context)
        jobs = JobRunner(context: context)
        queryRouter = try Self.queryRouter(context, waiters: waiters, status: status)
        adminRouter = try Self.adminRouter(context)
        var server = configuration.server
        server.spoolFolder = folder.spool
        server.heldSeconds = max(server.heldSeconds, Double(configuration.limits.wait))
        queryServer = HTTPServer(configuration: server, router: queryRouter, tls: queryTLS, logger: logger)
        adminServer = HTTPServer(configuration: server, router: adminRouter, tls: adminTLS, logger: logger)
        noteCertificates()
        context.tellWhatNeedsReembedding()
    }

    /// The address of the query listener, `host:port`; empty until `start` returns.
    public var queryAddress: String { addresses.withLock { $0.query } }
    /// The address of the admin listener, `host:port`; empty until `start` returns.
    public var adminAddress: String { addresses.withLock { $0.admin } }
    /// Whether the listeners speak TLS, so that their addresses begin with https://.
    public var isSecure: Bool { !certificates.isEmpty }
    /// The file that holds the first token with the scope `admin`.
    public var tokenFile: String { context.folder.adminToken }

    /// Continues unfinished batches and jobs, and listens; returns when both listeners take requests.
    ///
    /// - Throws: `StartError.cannotListen`; then nothing runs.
    public func start() throws {
        let details: [String: JSONValue] = [
            "model": .text(context.model.identity), "version": .text(Release.version),
        ]
        // A full disk does not keep the service from starting; the row is written when there is room.
        try? context.audit.record(.byService(.serviceStart, of: "", details: details))
        context.audit.flush()
        rankingNews.start()
        webhooks.start()
        standingQueries.start()
        batches.start()
        jobs.start()
        queryCleaner.start()
        retentionKeeper.start()
        do {
            let query = try Self.listen(queryServer, "query", context.configuration.queryAddress)
            let admin = try Self.listen(adminServer, "admin", context.configuration.adminAddress)
            addresses.withLock { $0 = Addresses(query: query, admin: admin) }
        } catch {
            stop(grace: .zero)
            throw error
        }
        status.add(queryServer, name: "query")
        status.add(adminServer, name: "admin")
        for (name, address) in [("query", queryAddress), ("admin", adminAddress)]
        where !isSecure && ListenerAddress(address)?.isLoopback == false {
            context.logger.warning(
                "the \(name) listener is reachable from elsewhere without TLS", metadata: ["address": "\(address)"])
        }
        context.logger.info("service ready", metadata: ["query": "\(queryAddress)", "admin": "\(adminAddress)"])
    }

    /// Reads the certificates and keys again, for new connections; the log says what failed, and then they stay as they
    /// were.
    public func reloadCertificates() {
        do {
            for (_, context) in certificates { try context.reload() }
            if let certificate = certificates.first?.context.certificate {
                context.logger.notice("certificates read again", metadata: ["subject": "\(certificate.subject)"])
            }
        } catch {
            context.logger.error("certificates not read again; the old ones stay", metadata: ["error": "\(error)"])
        }
        noteCertificates()
    }

    /// Tells the metrics when the certificates expire, and warns of one outside its time; it is used all the same.
    private func noteCertificates() {
        for (listener, tls) in certificates {
            context.metrics.certificateExpires(ofListener: listener, at: tls.certificate.validUntil)
        }
        guard let certificate = certificates.first?.context.certificate,
            let complaint = certificate.complaint(at: Int(Date().timeIntervalSince1970))
        else { return }
        context.logger.warning("\(complaint)", metadata: ["subject": "\(certificate.subject)"])
    }

    /// Stops the service: gives running requests `grace` to finish, closes everything, and then returns.
    public func stop(grace: Duration) {
        status.stop()
        // A job that rewrites the database keeps others from stopping.
        jobs.requestStop()
        let servers = [queryServer, adminServer]
        DispatchQueue.concurrentPerform(iterations: servers.count) { servers[$0].stop(grace: grace) }
        batches.stop()
        retentionKeeper.stop()
        jobs.stop()
        queryCleaner.stop()
        standingQueries.stop()
        rankingNews.stop()
        webhooks.stop()
        context.embedder.stop()
        context.previous?.embedder.stop()
        context.gatekeeper.tokens.stop()
        context.audit.stop(AuditEvent(.serviceStop, actor: "service", at: .now()))
        do {
            try context.store.close()
        } catch {
            context.logger.error("database not closed", metadata: ["error": "\(error)"])
        }
    }

    private static func queryRouter(
        _ service: ServiceContext, waiters: RankingWaiters, status: ServiceStatus
    ) throws -> Router {
        var router = Router(errorResponse: errorResponse(service))
        let routes =
            try searchRoutes(service) + compareRoutes(service) + queryRoutes(service, waiters: waiters)
            + eventRoutes(service) + embeddingRoutes(service)
            + galleryRoutes(service) + imageRoutes(service) + modelRoutes(service)
            + healthRoutes(service, status: status) + sessionRoutes(service)
        router.add(routes)
        router.add(try descriptionRoute(.query(service.configuration)))
        guardRouter(&router, service, requiresToken: service.configuration.queriesNeedToken)
        router.observe = service.metrics.observer(ofListener: "query")
        if let folder = service.configuration.publicFolder {
            do {
                router.serve(try StaticFiles(folder: folder))
            } catch {
                throw StartError.unusableFolder(path: folder, reason: "\(error)")
            }
        }
        return router
    }

    private static func adminRouter(_ service: ServiceContext) throws -> Router {
        var router = Router(errorResponse: errorResponse(service))
        router.add(adminRoutes(service))
        router.add(try descriptionRoute(.admin(service.configuration)))
        guardRouter(&router, service, requiresToken: true)
        router.observe = service.metrics.observer(ofListener: "admin")
        return router
    }

    /// Sets who may call the routes, under which names, and from which pages.
    private static func guardRouter(_ router: inout Router, _ service: ServiceContext, requiresToken: Bool) {
        let rules = OriginRules(names: service.configuration.serverNames, origins: service.configuration.serverOrigins)
        router.screen = { try rules.screen($0) }
        router.extraFields = { rules.fields(for: $0) }
        router.admit = { [gatekeeper = service.gatekeeper] request, route in
            try gatekeeper.admit(&request, route, requiresToken: requiresToken)
        }
    }

    /// Returns a function that turns errors into responses, logs those that are faults of the service, and audits those
    /// that are about access.
    private static func errorResponse(
        _ service: ServiceContext
    ) -> @Sendable (any Error, ServerRequest) -> ServerResponse {
        { error, request in
            let problem = problem(for: error)
            if problem.isAboutAccess {
                var holder = request.principal
                if case .crossSite = error as? ServiceError {
                    // A foreign page's request is refused before its token is looked up.
                    holder = (try? service.gatekeeper.holder(request))?.principal
                }
                service.audit.refuseAccess(request, of: holder, with: problem)
            }
            if problem.status.kind == .serverError, problem.status != .serviceUnavailable {
                service.logger.error(
                    "request failed",
                    metadata: ["request": "\(request.id)", "path": "\(request.target.loggedPath)", "error": "\(error)"])
            }
            return problem.response(instance: request.id)
        }
    }

    private static func listen(_ server: HTTPServer, _ name: String, _ address: String) throws -> String {
        do {
            return try server.start(address: address)
        } catch {
            throw StartError.cannotListen(listener: name, address: address, error)
        }
    }

    private static func load(_ path: String) throws -> CSPRModel {
        do {
            return try CSPRModel(contentsOf: path)
        } catch {
            throw StartError.unusableModel(path: path, reason: "\(error)")
        }
    }

    /// The profile in the file beside the weights; nil if there is none, or one that does not fit, which the log tells.
    private static func profile(of model: CSPRModel, beside weights: String, _ logger: Logger) -> ModelProfile? {
        let path = ModelProfile.path(beside: weights)
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let profile = try ModelProfile(contentsOf: path)
            if profile.model == model.identity, profile.dimensions == model.dimensions { return profile }
            logger.info("the profile is of another model", metadata: ["path": "\(path)", "model": "\(profile.model)"])
        } catch {
            logger.error("the profile cannot be used", metadata: ["path": "\(path)", "error": "\(error)"])
        }
        return nil
    }

    private static func startNetwork(
        _ model: CSPRModel, _ path: String, _ configuration: Embedder.Configuration, _ logger: Logger
    ) throws -> Network {
        let profile = profile(of: model, beside: path, logger)
        do {
            return Network(
                model: model, profile: profile,
                embedder: try Embedder(model: model, configuration: configuration, logger: logger))
        } catch {
            throw StartError.unusableModel(path: path, reason: "\(error)")
        }
    }

    /// The network of galleries that are not re-embedded yet; nil if none is asked for, or if it is the served one.
    private static func startPrevious(
        _ configuration: Service.Configuration, beside network: Network, _ logger: Logger
    ) throws -> Network? {
        guard let path = configuration.previousModelPath else { return nil }
        do {
            let model = try load(path)
            guard model.identity != network.model.identity else {
                logger.notice("the previous model is the served one", metadata: ["path": "\(path)"])
                return nil
            }
            return try startNetwork(model, path, configuration.embedder, logger)
        } catch {
            network.embedder.stop()
            throw error
        }
    }

    private static func createFolder(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw StartError.unusableFolder(path: path, reason: error.localizedDescription)
        }
    }

    private static func removeLeftovers(_ path: String) throws {
        do {
            try SpooledFile.removeLeftovers(in: path)
        } catch {
            throw StartError.unusableFolder(path: path, reason: "\(error)")
        }
    }
}

/// Why a service could not start, if no other module has an error for it.
public enum StartError: Error, Sendable, Equatable {
    /// A folder cannot be created or read, or files that an earlier process left in it cannot be removed.
    case unusableFolder(path: String, reason: String)
    /// The weight file is missing or invalid.
    case unusableModel(path: String, reason: String)
    /// A listener cannot listen on its address.
    case cannotListen(listener: String, address: String, ServerError)
}

extension StartError: CustomStringConvertible {
    /// One sentence for the person who starts the service.
    public var description: String {
        switch self {
        case .unusableFolder(let path, let reason): "the folder \(path) cannot be used: \(reason)"
        case .unusableModel(let path, let reason): "the weights \(path) cannot be used: \(reason)"
        case .cannotListen(let listener, let address, let error):
            "the \(listener) listener cannot listen on \(address): " + Self.reason(error)
        }
    }

    private static func reason(_ error: ServerError) -> String {
        switch error {
        case .badAddress: "this is not an address"
        case .addressInUse: "the port is in use"
        case .notPermitted: "this user may not use the port"
        case .spoolFolder(let path): "the folder \(path) is missing or cannot be written"
        case .configuration(let reason): reason
        case .alreadyStarted: "it is listening already"
        case .system(let call, let code): "\(call) failed with error \(code)"
        }
    }
}
