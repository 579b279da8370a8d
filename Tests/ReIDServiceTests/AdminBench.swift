import CSPRModel
import Embedding
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Imaging
import Logging
import Synchronization
import TensorFiles
import Tensors
import Testing

@testable import ReIDService

/// The admin routes and the batch processor over a tiny network and a data folder, without sockets and tokens.
final class AdminBench: Sendable {
    let folder: ScratchFolder
    let context: ServiceContext
    let router: Router
    let processor: BatchProcessor
    let jobs: JobRunner

    /// One file of random weights for all tests; its vectors have few dimensions.
    private static let model = Result {
        let folder = try ScratchFolder()
        let path = folder.path + "/model.safetensors"
        var configuration = CSPRConfiguration()
        configuration.depths = [1, 1, 1, 1]
        configuration.width = 4
        configuration.branches = 2
        configuration.candidateRatios = [0.3, 0.3]
        configuration.branchDimensions = 4
        configuration.globalDimensions = 8
        configuration.height = 48
        configuration.widthPixels = 32
        try CSPRModel.initialize(configuration: configuration, seed: 1, to: path, precision: .float32)
        return (try CSPRModel(contentsOf: path), folder)
    }

    /// Opens a data folder; with `start` false, batches and jobs stay queued until `processor` and `jobs` are started.
    init(
        folder: ScratchFolder? = nil, start: Bool = true, log: RecordedLog = RecordedLog(),
        clock: MovedClock = MovedClock(),
        configure: (inout Service.Configuration) -> Void = { _ in }
    ) throws {
        self.folder = try folder ?? ScratchFolder()
        var configuration = Service.Configuration()
        configuration.dataFolder = self.folder.path
        configuration.embedder.threads = 1
        configure(&configuration)
        let data = configuration.folder
        for path in [data.batches, data.spool, data.backups] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        let logger = Logger(label: "test") { _ in log }
        let (model, _) = try Self.model.get()
        let store = try GalleryStore(path: data.database, logger: logger, clock: { clock.now })
        let tokens = try TokenBook(store: store, adminToken: AdminToken(path: data.adminToken), logger: logger)
        context = ServiceContext(
            configuration: configuration, folder: data, store: store,
            network: Network(
                model: model, profile: nil,
                embedder: try Embedder(model: model, configuration: configuration.embedder, logger: logger)),
            gatekeeper: Gatekeeper(tokens: tokens, configuration: configuration), metrics: ServiceMetrics(),
            logger: logger)
        var router = Router { error, request in problem(for: error).response(instance: request.id) }
        router.add(adminRoutes(context))
        router.admit = { request, _ in
            request.principal = Principal(id: AdminToken.id, name: "test", scopes: [.admin])
        }
        self.router = router
        processor = BatchProcessor(context: context)
        jobs = JobRunner(context: context)
        if start {
            processor.start()
            jobs.start()
        }
    }

    deinit { try? close() }

    /// Closes everything, so that another bench can open the folder; a second call does nothing.
    func close() throws {
        processor.stop()
        jobs.stop()
        context.embedder.stop()
        context.gatekeeper.tokens.stop()
        try context.store.close()
    }

    /// An answer of the router.
    struct Answer {
        let status: Int
        let fields: HTTPFields
        let bytes: [UInt8]

        func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
            try JSONDecoder().decode(type, from: Data(bytes))
        }

        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// What the router answers; it must be as the admin listener describes it.
    func send(
        _ method: HTTPRequest.Method, _ target: String, type: String? = nil, body: RequestBody = .bytes([]),
        fields: HTTPFields = [:]
    ) throws -> Answer {
        var fields = fields
        fields[.contentType] = type
        let request = try ServerRequest(method: method, target: target, fields: fields, body: body)
        guard case .now(let response) = router.respond(to: request) else { throw Unexpected.heldReply }
        try DescribedAPI.admin(context.configuration).check(response, to: method, target)
        switch response.body {
        case .bytes(let bytes): return Answer(status: response.status.code, fields: response.fields, bytes: bytes)
        case .empty: return Answer(status: response.status.code, fields: response.fields, bytes: [])
        case .file, .stream, .live: throw Unexpected.body
        }
    }

    enum Unexpected: Error { case heldReply, body, notFinished(BatchAnswer) }

    /// Creates a gallery.
    func gallery(_ name: String = "lobby") throws {
        #expect(try send(.put, "/admin/v1/galleries/\(name)").status == 201)
    }

    /// Posts a batch.
    func post(_ bytes: [UInt8], type: String, gallery: String = "lobby", key: String? = nil) throws -> Answer {
        var fields = HTTPFields()
        if let key, let name = HTTPField.Name("Idempotency-Key") { fields[name] = key }
        return try send(
            .post, "/admin/v1/galleries/\(gallery)/batches", type: type, body: .bytes(bytes), fields: fields)
    }

    /// Posts a batch that must be accepted; returns its answer.
    func enroll(_ bytes: [UInt8], type: String, gallery: String = "lobby") throws -> BatchAnswer {
        let answer = try post(bytes, type: type, gallery: gallery)
        #expect(answer.status == 202, "\(answer.text)")
        return try answer.json()
    }

    func batch(_ id: String) throws -> BatchAnswer { try send(.get, "/admin/v1/batches/\(id)").json() }

    func items(_ id: String, _ query: String = "") throws -> [BatchItemAnswer] {
        try send(.get, "/admin/v1/batches/\(id)/items\(query)").json(ListAnswer<BatchItemAnswer>.self).items
    }

    /// Waits for the end of a batch; gives up after a time that is only reached if something hangs.
    func finish(_ id: String) async throws -> BatchAnswer {
        for _ in 0..<6000 {
            if try context.store.batch(id: id).state.isFinal { return try batch(id) }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw Unexpected.notFinished(try batch(id))
    }

    /// Enrolls a batch and waits for its end.
    func complete(_ bytes: [UInt8], type: String) async throws -> BatchAnswer {
        try await finish(try enroll(bytes, type: type).id)
    }

    /// Asks for a backup; returns the answer.
    func backUp(to path: String) throws -> Answer {
        let body = try JSONEncoder().encode(["path": path])
        return try send(.post, "/admin/v1/backup", type: "application/json", body: .bytes([UInt8](body)))
    }

    /// Waits for the end of a job; gives up after a time that is only reached if something hangs.
    func finishJob(_ id: String) async throws -> JobAnswer {
        for _ in 0..<6000 where try !context.store.job(id: id).state.isFinal {
            try await Task.sleep(for: .milliseconds(10))
        }
        return try send(.get, "/admin/v1/jobs/\(id)").json()
    }

    /// The names of the bodies on disk.
    func bodies() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: context.folder.batches) }
}

/// The system's clock, moved.
final class MovedClock: Sendable {
    private let seconds = Mutex<Int64>(0)

    var now: Timestamp { Timestamp.now().adding(seconds: seconds.withLock { $0 }) }

    func move(days: Int64) { seconds.withLock { $0 += days * 86_400 } }
}

/// A log that is kept in memory.
struct RecordedLog: LogHandler {
    private final class Lines: Sendable {
        let messages = Mutex<[String]>([])
    }

    private let lines = Lines()
    var logLevel = Logger.Level.warning
    var metadata: Logger.Metadata = [:]

    /// The messages so far that say `text`.
    func messages(_ text: String) -> [String] { lines.messages.withLock { $0.filter { $0.contains(text) } } }

    func log(event: LogEvent) {
        lines.messages.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}

/// Media types of batches.
enum BatchType {
    static let tar = "application/x-tar"
    static let ndjson = "application/x-ndjson"
    static let multipart = "multipart/form-data; boundary=xyz"
}

/// A small image that no other seed gives.
func testImage(_ seed: Int, width: Int = 16, height: Int = 24) -> RGBImage {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1
    let pixels = (0..<(width * height * 3)).map { _ -> UInt8 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33)
    }
    return RGBImage(width: width, height: height, pixels: pixels)
}

func testJPEG(_ seed: Int) throws -> [UInt8] { try testImage(seed).jpeg(quality: 90) }

func testPNG(_ seed: Int) throws -> [UInt8] { try testImage(seed).png() }

/// A tar of these files, in order.
func testTar(_ files: [(String, [UInt8])]) -> [UInt8] {
    var tar = TarBuilder()
    for (name, bytes) in files { tar.add(name, bytes) }
    return tar.finished
}

/// A form with the boundary of `BatchType.multipart`: parts of name, file name and content.
func testForm(_ parts: [(name: String, file: String?, bytes: [UInt8])]) -> [UInt8] {
    var form: [UInt8] = []
    for part in parts {
        let file = part.file.map { "; filename=\"\($0)\"" } ?? ""
        form += Array("--xyz\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(file)\r\n\r\n".utf8)
        form += part.bytes + [0x0D, 0x0A]
    }
    return form + Array("--xyz--\r\n".utf8)
}
