internal import CDefaultWeights
internal import Foundation
internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging
internal import Logging
internal import ReIDService
internal import Synthesis

/// The service as `reid serve` runs it: the default weights, a gallery of rendered people like the demo's, both listeners.
final class BenchService {
    let service: Service
    /// The query images, as JPEG: each person by one more camera.
    let uploads: [[UInt8]]
    private let folder: String

    /// The gallery's name.
    static let gallery = "bench"

    /// Starts the service in a new folder, with 12 people by four cameras; with `smoke`, two people by one camera.
    init(smoke: Bool) throws {
        let (people, cameras) = smoke ? (2, 1) : (12, 4)
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("reid-bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Self.writeWeights(to: folder + "/model.safetensors")
        var configuration = Service.Configuration()
        configuration.dataFolder = folder
        configuration.queryAddress = "127.0.0.1:0"
        configuration.adminAddress = "127.0.0.1:0"
        service = try Service(
            configuration: configuration, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        var maker = ImageMaker(SyntheticPeople(seed: 0xBE7C))
        func image(_ person: Int, _ camera: Int) throws -> [UInt8] {
            try maker.image(person: person, camera: camera, sighting: 1).jpeg(quality: 92)
        }
        uploads = try (1...people).map { try image($0, cameras + 1) }
        try service.start()
        var form: [UInt8] = []
        var manifest = ""
        for person in 1...people {
            for camera in 1...cameras {
                let name = "\(person)-\(camera).jpg"
                form += Array(Self.part("image", filename: name).utf8) + (try image(person, camera))
                manifest += "{\"image\":\"\(name)\",\"person_id\":\"\(person)\",\"camera_id\":\"\(camera)\"}\n"
            }
        }
        form += Array((Self.part("manifest", filename: "manifest.ndjson") + manifest + "\r\n--frontier--\r\n").utf8)
        try enroll(form)
    }

    /// Writes the default weights to a file.
    static func writeWeights(to path: String) throws {
        var count = 0
        let weights = unsafe c_default_weights(&count)
        try unsafe Data(bytes: weights, count: count).write(to: URL(fileURLWithPath: path))
    }

    /// Stops the service and removes its folder.
    func close() {
        service.stop(grace: .zero)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Answers a request to the query listener without a socket.
    func ask(
        _ method: HTTPRequest.Method, _ target: String, fields: HTTPFields = [:], body: [UInt8] = []
    ) throws -> ServerResponse {
        try Self.answer(
            service.queryRouter, ServerRequest(method: method, target: target, fields: fields, body: .bytes(body)))
    }

    private func enroll(_ form: [UInt8]) throws {
        let token = try String(contentsOfFile: service.tokenFile, encoding: .utf8)
        var fields: HTTPFields = [.authorization: "Bearer " + token.trimmingCharacters(in: .newlines)]
        let target = "/admin/v1/galleries/\(Self.gallery)"
        _ = try Self.answer(service.adminRouter, ServerRequest(method: .put, target: target, fields: fields))
        fields[.contentType] = "multipart/form-data; boundary=frontier"
        let accepted = try Self.answer(
            service.adminRouter,
            ServerRequest(method: .post, target: target + "/batches", fields: fields, body: .bytes(form)))
        guard let batch = accepted.fields[.location]?.split(separator: "/").last else {
            throw LoadError.unexpectedReply("the batch was not accepted")
        }
        while true {
            let state = try service.context.store.batch(id: String(batch)).state
            if state == .completed { return }
            guard !state.isFinal else { throw LoadError.unexpectedReply("the batch is \(state)") }
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    private static func answer(_ router: Router, _ request: ServerRequest) throws -> ServerResponse {
        guard case .now(let response) = router.respond(to: request), response.status.kind == .successful else {
            throw LoadError.unexpectedReply("\(request.method) \(request.path) failed")
        }
        return response
    }

    private static func part(_ name: String, filename: String) -> String {
        "\r\n--frontier\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(filename)\"\r\n\r\n"
    }
}

extension BenchService {
    /// The bytes of a request to the query listener.
    func request(_ method: String, _ target: String, fields: [String] = [], body: [UInt8] = []) -> [UInt8] {
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(service.queryAddress)\r\n"
        for field in fields { head += field + "\r\n" }
        if !body.isEmpty { head += "Content-Length: \(body.count)\r\n" }
        return Array((head + "\r\n").utf8) + body
    }

    /// A search with each of the uploads.
    var searches: [[UInt8]] {
        uploads.map {
            request("POST", "/v1/galleries/\(Self.gallery)/search", fields: ["Content-Type: image/jpeg"], body: $0)
        }
    }
}
