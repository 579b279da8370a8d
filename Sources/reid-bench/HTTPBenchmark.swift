internal import Foundation
internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging
internal import Logging
internal import ReIDService

/// Times requests over loopback on 64 open connections, with client and server on the same machine.
///
/// First come the routes that users call, on the whole service with the default weights; then the bare HTTP module with
/// a route that the product does not have, in clear and under TLS. With `peer`, an address, another server with this route is timed in turn.
func httpBenchmark(smoke: Bool, peer: String?) throws -> [BenchmarkRow] {
    try serviceRows(smoke: smoke) + bareRows(smoke: smoke, peer: peer) + secureRows(smoke: smoke)
}

/// One kind of request, and how often each connection sends it.
private struct Load {
    let name: String
    let address: String
    let requests: [[UInt8]]
    var status = 200
    let rounds: Int
    var connections = 64
    var isSecure = false

    func measure(smoke: Bool) throws -> BenchmarkRow {
        let connections = smoke ? min(4, connections) : connections
        let rounds = smoke ? 1 : rounds
        let client = try LoadClient(
            address: address, connections: connections, requests: requests, expecting: status,
            isSecure: isSecure)
        return try BenchmarkRow.measure(
            "\(name), \(connections) connections", runs: smoke ? 1 : 7, itemsPerRun: Double(rounds * connections),
            unit: "requests"
        ) { try client.run(rounds: rounds) }
    }
}

/// The routes of the product.
private func serviceRows(smoke: Bool) throws -> [BenchmarkRow] {
    let bench = try BenchService(smoke: smoke)
    defer { bench.close() }
    let gallery = "/v1/galleries/\(BenchService.gallery)"
    let kept = try bench.ask(
        .post, gallery + "/queries", fields: [.contentType: "image/jpeg"], body: bench.uploads[0])
    let ranking = (kept.fields[.location] ?? "") + "/ranking"
    let tag = try bench.ask(.get, ranking).fields[.eTag] ?? ""
    let images = try bench.service.context.store.images(in: BenchService.gallery, limit: 12).items.map {
        bench.request("GET", "/v1/images/\($0.id)/content")
    }
    let address = bench.service.queryAddress
    func get(_ target: String, _ fields: [String] = []) -> [[UInt8]] {
        [bench.request("GET", target, fields: fields)]
    }
    let upload = try bench.request(
        "POST", "/v1/embeddings", fields: ["Content-Type: image/jpeg"], body: largeImage(bytes: 100 << 10))
    return try [
        Load(
            name: "ranking poll, 304", address: address, requests: get(ranking, ["If-None-Match: \(tag)"]), status: 304,
            rounds: 500),
        Load(name: "ranking, 200", address: address, requests: get(ranking), rounds: 200),
        Load(name: "gallery JSON", address: address, requests: get(gallery), rounds: 500),
        Load(name: "model JSON", address: address, requests: get("/v1/model"), rounds: 500),
        Load(name: "a stored image", address: address, requests: images, rounds: 50),
        Load(name: "a search", address: address, requests: bench.searches, rounds: 4, connections: 8),
        Load(name: "an embedding of a 100 KB image", address: address, requests: [upload], rounds: 4, connections: 8),
    ].map { try $0.measure(smoke: smoke) }
}

/// A JPEG of about this size that is no larger than 640 by 640 pixels.
private func largeImage(bytes: Int) throws -> [UInt8] {
    var state: UInt32 = 1
    var best: [UInt8] = []
    for side in stride(from: 64, through: 640, by: 32) where best.count < bytes {
        let pixels = (0..<3 * side * side).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
        best = try RGBImage(width: side, height: side, pixels: pixels).jpeg(quality: 80)
    }
    return best
}

/// The bare HTTP module: router, typed headers and the encoding of a small JSON object.
private func bareRows(smoke: Bool, peer: String?) throws -> [BenchmarkRow] {
    let server = bareServer()
    let address = try server.start(address: "127.0.0.1:0")
    defer { server.stop(grace: .zero) }

    let get = "GET /v1/things/7?limit=20 HTTP/1.1\r\nHost: \(address)\r\nAccept: application/json\r\n\r\n"
    let servers = [("bare HTTP module", address)] + (peer.map { [("peer", $0)] } ?? [])
    return try [("GET of small JSON", Array(get.utf8), 500), ("POST of 100 KB", largePost, 150)].flatMap { row in
        try servers.map { server in
            try Load(name: "\(server.0): \(row.0)", address: server.1, requests: [row.1], rounds: row.2)
                .measure(smoke: smoke)
        }
    }
}

/// The bare HTTP module under TLS 1.3, with an RSA certificate of 2048 bits; client and server share the machine.
private func secureRows(smoke: Bool) throws -> [BenchmarkRow] {
    let certificate = try BenchCertificate()
    defer { certificate.remove() }
    let server = bareServer(try TLSContext(certificate.files))
    let address = try server.start(address: "127.0.0.1:0")
    defer { server.stop(grace: .zero) }
    let handshakes = try HandshakeLoad(address: address)
    let count = smoke ? 2 : 100
    return try [
        BenchmarkRow.measure(
            "TLS: full handshakes, 4 clients", runs: smoke ? 1 : 7, itemsPerRun: Double(4 * count), unit: "handshakes"
        ) { try handshakes.run(clients: 4, each: count, resumed: false) },
        BenchmarkRow.measure(
            "TLS: resumed handshakes, 4 clients", runs: smoke ? 1 : 7, itemsPerRun: Double(4 * count),
            unit: "handshakes"
        ) { try handshakes.run(clients: 4, each: count, resumed: true) },
        Load(name: "TLS: POST of 100 KB", address: address, requests: [largePost], rounds: 150, isSecure: true)
            .measure(smoke: smoke),
    ]
}

/// An upload of 100 KB to the bare module's route.
private let largePost: [UInt8] = {
    let body = [UInt8](repeating: 0x61, count: 100 << 10)
    return Array("POST /v1/things/7 HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n".utf8) + body
}()

private func bareServer(_ tls: TLSContext? = nil) -> HTTPServer {
    var router = Router()
    router.add(
        Route(.get, "/v1/things/{thing}", access: .anyone, execution: .loop) { request in .now(try thing(request)) },
        Route(.post, "/v1/things/{thing}", access: .anyone, execution: .loop, bodyLimit: 1 << 20) { request in
            .now(try thing(request))
        }
    )
    return HTTPServer(router: router, tls: tls, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
}

/// The answer of the bare module's route.
private struct Thing: Encodable {
    let thing: String
    let limit: Int
    let bytes: Int
    let status = "ok"
}

private func thing(_ request: ServerRequest) throws -> ServerResponse {
    let limit = request.query.first { $0.name == "limit" }.flatMap { Int($0.value) } ?? 10
    let thing = Thing(thing: request.parameters["thing"] ?? "", limit: limit, bytes: request.body.count)
    return ServerResponse(contentType: "application/json", bytes: [UInt8](try JSONEncoder().encode(thing)))
}
