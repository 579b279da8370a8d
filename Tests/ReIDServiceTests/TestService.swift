import CSPRModel
import Digests
import Embedding
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Imaging
import Logging
import Ranking
import TensorFiles
import Tensors
import Testing

@testable import ReIDService

/// A service with a tiny random network in a temporary folder; tests call its routers without a socket.
final class TestService: Sendable {
    let service: Service
    let folder: String

    var context: ServiceContext { service.context }
    var store: GalleryStore { service.context.store }
    /// The admin listener's credentials.
    var authorization: String {
        get throws {
            let line = try String(contentsOfFile: service.tokenFile, encoding: .utf8)
            return "Bearer " + line.trimmingCharacters(in: .newlines)
        }
    }

    /// Opens a service in `folder`, or in a new one; `configure` may change the settings before.
    init(in folder: String? = nil, configure: (inout Service.Configuration) -> Void = { _ in }) throws {
        self.folder = folder ?? NSTemporaryDirectory() + "reid-test-" + UUID().uuidString
        var configuration = Self.configuration(in: self.folder)
        configuration.modelPath = try Self.weights.get()
        configure(&configuration)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        service = try Service(configuration: configuration, logger: logger)
    }

    /// Settings for one small machine: one network thread, free ports, no delays.
    static func configuration(in folder: String) -> Service.Configuration {
        var configuration = Service.Configuration()
        configuration.dataFolder = folder
        configuration.queryAddress = "127.0.0.1:0"
        configuration.adminAddress = "127.0.0.1:0"
        configuration.embedder.threads = 1
        configuration.embedder.maximumBatch = 4
        configuration.standingQueryDelay = 0
        return configuration
    }

    /// Random weights of a network that embeds in a millisecond; written once.
    static let weights = Result<String, any Error> { try writeWeights(seed: 7) }

    static func writeWeights(seed: UInt64) throws -> String {
        let path = NSTemporaryDirectory() + "reid-test-\(UUID().uuidString).safetensors"
        var configuration = CSPRConfiguration()
        configuration.width = 4
        configuration.depths = [1, 1, 1, 1]
        configuration.branchDimensions = 4
        configuration.globalDimensions = 16
        configuration.height = 96
        configuration.widthPixels = 32
        try CSPRModel.initialize(configuration: configuration, seed: seed, to: path, precision: .float32)
        return path
    }

    /// Starts to rank standing queries again and to tell polls and streams, as a started service does, but does not listen.
    func watchGalleries() {
        service.rankingNews.start()
        service.standingQueries.start()
    }

    /// Stops the service and removes its folder.
    func close() {
        service.stop(grace: .zero)
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// Runs `body` with a new service, and closes the service afterwards.
func withService(
    configure: (inout Service.Configuration) -> Void = { _ in }, _ body: (TestService) throws -> Void
) throws {
    let service = try TestService(configure: configure)
    defer { service.close() }
    try body(service)
}

extension TestService {
    /// What the query listener replies; an answer must be as the listener describes it.
    func reply(
        _ method: HTTPRequest.Method, _ target: String, fields: HTTPFields = [:], body: [UInt8] = []
    ) throws -> Reply {
        let reply = service.queryRouter.respond(
            to: try ServerRequest(method: method, target: target, fields: fields, body: .bytes(body)))
        if case .now(let response) = reply {
            try DescribedAPI.query(context.configuration).check(response, to: method, target)
        }
        return reply
    }

    /// The answer to a poll of the query listener, which may have been held; it must be as the listener describes it.
    func eventually(_ reply: Reply, to target: String) throws -> ServerResponse {
        let response = try reply.eventually()
        try DescribedAPI.query(context.configuration).check(response, to: .get, target)
        return response
    }

    /// What the query listener answers at once.
    func ask(
        _ method: HTTPRequest.Method, _ target: String, fields: HTTPFields = [:], body: [UInt8] = []
    ) throws -> ServerResponse {
        try reply(method, target, fields: fields, body: body).answer
    }

    /// What the admin listener answers at once, with the token; it must be as the listener describes it.
    func askAdmin(
        _ method: HTTPRequest.Method, _ target: String, fields: HTTPFields = [:], body: [UInt8] = []
    ) throws -> ServerResponse {
        var fields = fields
        fields[.authorization] = try authorization
        let response = try service.adminRouter.respond(
            to: try ServerRequest(method: method, target: target, fields: fields, body: .bytes(body))
        ).answer
        try DescribedAPI.admin(context.configuration).check(response, to: method, target)
        return response
    }

    /// The answer to one image posted.
    func post(_ target: String, image: [UInt8], type: String = "image/png") throws -> ServerResponse {
        try ask(.post, target, fields: [.contentType: type], body: image)
    }

    /// The answer to a form posted.
    func post(_ target: String, form: [FormPart]) throws -> ServerResponse {
        let type = "multipart/form-data; boundary=frontier"
        return try ask(.post, target, fields: [.contentType: type], body: FormPart.body(form))
    }

    /// A new, empty gallery of the served model.
    func makeGallery(_ name: String) throws {
        try store.createGallery(
            try #require(GalleryName(name)), model: context.model.identity, dimensions: context.model.dimensions)
    }

    /// Enrolls images like a batch, but within this call; returns their ids, the oldest first.
    @discardableResult
    func enroll(_ images: [TestImage], in gallery: String) throws -> [String] {
        let before = try store.contents(of: gallery).images.count
        // One by one, because batches of other sizes may sum in another order; so equal images get equal vectors.
        let vectors = try images.map {
            try context.embedder.embed([try decodeImage($0.bytes)], priority: .enrollment).vectors[0]
        }
        let outcomes = try images.enumerated().map { index, image in
            ItemOutcome(
                index: index, name: image.name,
                result: .image(
                    NewImage(
                        sha256: try SHA256.hash(image.bytes),
                        content: ImageContent(bytes: image.bytes, mediaType: "image/png"), width: image.width,
                        height: image.height, embedding: vectors[index], model: context.model.identity,
                        personID: image.person, cameraID: image.camera,
                        capturedAt: image.capturedAt.flatMap { Timestamp(rfc3339: $0) },
                        externalID: image.externalID, name: image.name)))
        }
        try record(outcomes, in: gallery)
        return try store.contents(of: gallery).images.dropFirst(before).map(\.id)
    }

    /// Records results as those of a batch.
    func record(_ outcomes: [ItemOutcome], in gallery: String) throws {
        let batch = try store.createBatch(
            NewBatch(
                id: try GalleryStore.newBatchID(), gallery: gallery, kind: .tar, contentType: "application/x-tar",
                bodyBytes: 0, bodySHA256: try randomBytes(32))
        ).batch
        try store.setBatchState(batch.id, to: .running, expectedItems: outcomes.count)
        try store.record(outcomes, batch: batch.id)
        try store.setBatchState(batch.id, to: .completed)
    }
}

/// A small image, with its metadata.
struct TestImage: Sendable {
    let bytes: [UInt8]
    let width: Int
    let height: Int
    var person: String?
    var camera: String?
    var capturedAt: String?
    var externalID: String?
    var name: String?

    /// A PNG of colored bands that depend on the seed.
    init(
        seed: UInt64, width: Int = 24, height: Int = 64, person: String? = nil, camera: String? = nil,
        capturedAt: String? = nil, externalID: String? = nil, name: String? = nil
    ) throws {
        var state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1
        func random() -> UInt8 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 40)
        }
        let bands = (0..<8).map { _ in [random(), random(), random()] }
        let pixels = (0..<height).flatMap { y in (0..<width).flatMap { x in bands[(y / 8 + x / 12) % bands.count] } }
        bytes = try RGBImage(width: width, height: height, pixels: pixels).png()
        self.width = width
        self.height = height
        self.person = person
        self.camera = camera
        self.capturedAt = capturedAt
        self.externalID = externalID
        self.name = name
    }
}

/// A part of a form.
struct FormPart: Sendable {
    var name: String
    var filename: String?
    var type: String?
    var bytes: [UInt8]

    static func image(_ bytes: [UInt8]) -> FormPart {
        FormPart(name: "image", filename: "a.png", type: "image/png", bytes: bytes)
    }

    static func options(_ json: String) -> FormPart {
        FormPart(name: "options", filename: nil, type: "application/json", bytes: Array(json.utf8))
    }

    /// The body of a form with the boundary `frontier`.
    static func body(_ parts: [FormPart]) -> [UInt8] {
        var body: [UInt8] = []
        for part in parts {
            let filename = part.filename.map { "; filename=\"\($0)\"" } ?? ""
            let type = part.type.map { "Content-Type: \($0)\r\n" } ?? ""
            body += "--frontier\r\nContent-Disposition: form-data; name=\"\(part.name)\"\(filename)\r\n\(type)\r\n".utf8
            body += part.bytes + Array("\r\n".utf8)
        }
        return body + Array("--frontier--\r\n".utf8)
    }
}

/// An error that ends a test.
enum TestFailure: Error {
    case replyIsHeld
    case bodyIsNotInMemory
    case notAnObject
}

extension Reply {
    /// The response, if it was given at once.
    var answer: ServerResponse {
        get throws {
            guard case .now(let response) = self else { throw TestFailure.replyIsHeld }
            return response
        }
    }
}

extension ServerResponse {
    /// The body's bytes.
    var bytes: [UInt8] {
        get throws {
            switch body {
            case .empty: return []
            case .bytes(let bytes): return bytes
            case .file, .stream, .live: throw TestFailure.bodyIsNotInMemory
            }
        }
    }

    /// The body as text, for the message of a test that fails.
    var said: String { (try? text) ?? "a body that is not in memory" }

    /// The body as text.
    var text: String { get throws { String(decoding: try bytes, as: UTF8.self) } }

    /// The body as one of the wire types.
    func decoded<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(try bytes))
    }

    /// The body as a JSON object.
    var object: [String: JSONValue] {
        get throws {
            guard case .object(let members) = try decoded(as: JSONValue.self) else { throw TestFailure.notAnObject }
            return members
        }
    }
}
