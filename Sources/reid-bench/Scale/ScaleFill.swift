internal import CSPRModel
internal import Foundation
internal import Gallery
internal import HTTP
internal import Logging
internal import Ranking
internal import ReIDService

/// Fills the data folder of a service with a gallery of many vectors, and measures a service on that folder.
///
/// The vectors are those of `ScaleRows`: twenty images of each person, the cameras in turn, a second apart.
struct ScaleFill {
    /// The data folder; it is made if it is missing, and stays.
    let folder: String
    /// The images that the gallery shall have.
    let rows: Int
    /// The length of the vectors, which must be that of the default weights.
    let dimensions: Int
    /// The number of cameras.
    let cameras: Int

    /// The gallery's name.
    static let gallery = "scale"
    /// The most rows of one body.
    private static let rowsPerBody = 50_000
    private static let start = Timestamp(milliseconds: 1_767_225_600_000)

    /// The name of a camera, from 0.
    static func camera(_ number: Int) -> String { "c\(number)" }

    /// When a row was captured.
    static func time(ofRow row: Int) -> Timestamp { start.adding(seconds: Int64(row)) }

    /// Starts a service on the folder, with the default weights.
    func open() throws -> Service {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let weights = folder + "/model.safetensors"
        if !FileManager.default.fileExists(atPath: weights) { try BenchService.writeWeights(to: weights) }
        var configuration = Service.Configuration()
        configuration.dataFolder = folder
        configuration.queryAddress = "127.0.0.1:0"
        configuration.adminAddress = "127.0.0.1:0"
        let service = try Service(
            configuration: configuration, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
        try service.start()
        return service
    }

    /// Enrolls what the gallery lacks, through the route for batches; returns whether it lacked anything.
    ///
    /// Bodies whose rows are all there are left out, so that a filling that was interrupted goes on.
    func fill() throws -> Bool {
        let service = try open()
        defer { service.stop(grace: .zero) }
        let (store, model) = (service.context.store, service.context.model)
        guard model.dimensions == dimensions else {
            throw LoadError.unexpectedReply("the default weights make vectors of \(model.dimensions) values")
        }
        let client = try ScaleClient(service)
        _ = try client.admin("PUT", "")
        for batch in try store.unfinishedBatches() { try wait(for: batch.id, store) }
        guard try store.gallery(Self.gallery).images < rows else { return false }
        var maker = ScaleRows(dimensions: dimensions)
        let start = ContinuousClock.now
        func report(_ count: Int) {
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            print(String(format: "%d rows after %.1f s, %.0f rows/s", count, seconds, Double(count) / seconds))
        }
        // The next body is made and sent while the service works on the one before.
        var sent: (batch: String, rows: Int)?
        for first in stride(from: 0, to: rows, by: Self.rowsPerBody) {
            let end = min(first + Self.rowsPerBody, rows)
            let vectors = maker.next(end - first)
            guard try !has(first..<end, store) else { continue }
            let batch = try client.enroll(table(of: vectors, from: first, model: model.identity))
            if let sent {
                try wait(for: sent.batch, store)
                report(sent.rows)
            }
            sent = (batch, end)
        }
        if let sent {
            try wait(for: sent.batch, store)
            report(sent.rows)
        }
        return true
    }

    /// Whether the gallery has all of these rows.
    private func has(_ rows: Range<Int>, _ store: GalleryStore) throws -> Bool {
        let filter = ImageFilter(
            capturedFrom: Self.time(ofRow: rows.lowerBound), capturedTo: Self.time(ofRow: rows.upperBound - 1))
        let found = try store.rows(of: store.snapshot(of: Self.gallery), matching: filter)
        return found?.allowedCount == rows.count
    }

    private func wait(for id: String, _ store: GalleryStore) throws {
        while true {
            let batch = try store.batch(id: id)
            if batch.state == .completed, batch.failed == 0 { return }
            guard batch.state == .queued || batch.state == .running else {
                throw LoadError.unexpectedReply("a batch \(batch.state): \(batch.failed) rows failed")
            }
            Thread.sleep(forTimeInterval: 0.01)
        }
    }

    /// Rows as a body of the type `application/vnd.safetensors`.
    private func table(of vectors: [Float], from first: Int, model: String) -> [UInt8] {
        let count = vectors.count / dimensions
        let lines = (first..<first + count).map { row in
            #"{"external_id":"\#(row)","person_id":"p\#(row / 20)","camera_id":"\#(Self.camera(row % cameras))","#
                + #""captured_at":"\#(Self.time(ofRow: row).rfc3339)"}"#
        }
        let items = Array(lines.joined(separator: "\n").utf8)
        let values = unsafe vectors.map { $0.bitPattern.littleEndian }.withUnsafeBytes { unsafe Array($0) }
        let end = values.count + items.count
        let header =
            #"{"__metadata__":{"model":"\#(model)"},"#
            + #""embeddings":{"dtype":"F32","shape":[\#(count),\#(dimensions)],"data_offsets":[0,\#(values.count)]},"#
            + #""items":{"dtype":"U8","shape":[\#(items.count)],"data_offsets":[\#(values.count),\#(end)]}}"#
        let length = (header.utf8.count + 7) / 8 * 8
        let padding = [UInt8](repeating: UInt8(ascii: " "), count: length - header.utf8.count)
        let prefix = (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
        return prefix + Array(header.utf8) + padding + values + items
    }
}

/// Requests to a service over loopback, with its token.
struct ScaleClient: Sendable {
    private let query: HTTPClient
    private let adminClient: HTTPClient
    private let token: String

    init(_ service: Service) throws {
        func client(_ address: String) throws -> HTTPClient {
            guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
                throw LoadError.unexpectedReply(address)
            }
            return HTTPClient(host: "127.0.0.1", port: port, isSecure: false)
        }
        query = try client(service.queryAddress)
        adminClient = try client(service.adminAddress)
        token = try String(contentsOfFile: service.tokenFile, encoding: .utf8).trimmingCharacters(in: .newlines)
    }

    /// Sends a request about the gallery to the admin listener, and returns the answer's body.
    func admin(_ method: String, _ path: String, type: String? = nil, body: [UInt8]? = nil) throws -> [UInt8] {
        var fields = [(name: "Authorization", value: "Bearer \(token)")]
        if let type { fields.append((name: "Content-Type", value: type)) }
        return try checked(
            adminClient.send(
                method, "/admin/v1/galleries/\(ScaleFill.gallery)" + path, fields: fields, body: body.map { .bytes($0) }
            ))
    }

    /// Sends a batch of embeddings; returns its id.
    func enroll(_ table: [UInt8]) throws -> String {
        let answer = try admin("POST", "/batches", type: "application/vnd.safetensors", body: table)
        return try JSONDecoder().decode(BatchAnswer.self, from: Data(answer)).id
    }

    /// Asks whether the service is ready.
    func checkReady() throws { _ = try checked(query.send("GET", "/readyz")) }

    /// Sends a re-ranked search with an image; returns the seconds until its answer.
    func search(_ image: [UInt8]) throws -> Double {
        let start = ContinuousClock.now
        _ = try checked(
            query.send(
                "POST", "/v1/galleries/\(ScaleFill.gallery)/search?rerank=true&limit=100",
                fields: [(name: "Content-Type", value: "image/jpeg")], body: .bytes(image)))
        return (ContinuousClock.now - start) / .seconds(1)
    }

    private func checked(_ answer: HTTPClient.Answer) throws -> [UInt8] {
        guard (200..<300).contains(answer.status) else {
            throw LoadError.unexpectedReply(String(decoding: answer.body.prefix(1000), as: UTF8.self))
        }
        return answer.body
    }
}
