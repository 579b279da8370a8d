internal import Foundation
internal import Glibc
internal import HTTP
internal import HTTPTypes
internal import Logging

/// Times requests over loopback on 64 open connections, with client and server on the same machine: a JSON route
/// (router, typed headers, JSON encoding), and uploads of 100 KB to it.
///
/// With `peer`, an address, another server with the same route is timed in turn.
func httpBenchmark(smoke: Bool, peer: String?) throws -> [BenchmarkRow] {
    var router = Router()
    router.add(
        Route(.get, "/v1/things/{thing}", execution: .loop) { request in .now(try thing(request)) },
        Route(.post, "/v1/things/{thing}", execution: .loop, bodyLimit: 1 << 20) { request in .now(try thing(request)) }
    )
    let server = HTTPServer(router: router, logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() })
    let address = try server.start(address: "127.0.0.1:0")
    defer { server.stop(grace: .zero) }

    let get = "GET /v1/things/7?limit=20 HTTP/1.1\r\nHost: \(address)\r\nAccept: application/json\r\n\r\n"
    let body = [UInt8](repeating: 0x61, count: 100 << 10)
    let post = "POST /v1/things/7 HTTP/1.1\r\nHost: \(address)\r\nContent-Length: \(body.count)\r\n\r\n"
    let connections = smoke ? 4 : 64
    let servers = [("", address)] + (peer.map { [("peer's ", $0)] } ?? [])
    return try [("GET of small JSON", Array(get.utf8), 500), ("POST of 100 KB", Array(post.utf8) + body, 150)].flatMap {
        row in
        try servers.map { server in
            let client = try LoadClient(address: server.1, connections: connections, request: row.1)
            let rounds = smoke ? 1 : row.2
            return try BenchmarkRow.measure(
                "\(server.0)\(row.0), \(connections) connections", runs: smoke ? 1 : 7,
                itemsPerRun: Double(rounds * connections), unit: "requests"
            ) { try client.run(rounds: rounds) }
        }
    }
}

/// The answer of the route.
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

/// Why a load could not be run.
private enum LoadError: Error {
    case system(call: String, code: Int32)
    case unexpectedReply(String)
}

/// A client that sends the same request again and again on several connections from one thread.
private final class LoadClient {
    private struct Connection {
        let descriptor: Int32
        var unsent = 0
        var repliesLeft = 0
    }

    private let request: [UInt8]
    private var connections: [Connection] = []

    init(address: String, connections count: Int, request: [UInt8]) throws {
        self.request = request
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw LoadError.unexpectedReply(address)
        }
        for _ in 0..<count { connections.append(Connection(descriptor: try Self.connect(port))) }
    }

    deinit {
        for connection in connections { close(connection.descriptor) }
    }

    /// Sends `rounds` requests on every connection and waits for the answers.
    func run(rounds: Int) throws {
        for index in connections.indices {
            connections[index].repliesLeft = rounds
            try send(index, anew: true)
        }
        var open = connections.count
        while open > 0 {
            var watched = connections.map { connection in
                pollfd(
                    fd: connection.repliesLeft > 0 ? connection.descriptor : -1,
                    events: Int16(POLLIN | (connection.unsent > 0 ? POLLOUT : 0)), revents: 0)
            }
            guard unsafe poll(&watched, nfds_t(watched.count), 30_000) > 0 else {
                throw LoadError.system(call: "poll", code: errno)
            }
            for index in connections.indices where watched[index].revents != 0 {
                if watched[index].revents & Int16(POLLOUT) != 0 { try send(index, anew: false) }
                guard watched[index].revents & ~Int16(POLLOUT) != 0, try receive(index) else { continue }
                connections[index].repliesLeft -= 1
                if connections[index].repliesLeft > 0 { try send(index, anew: true) } else { open -= 1 }
            }
        }
    }

    /// Sends the request, or the rest of it, as far as the socket accepts it.
    private func send(_ index: Int, anew: Bool) throws {
        if anew { connections[index].unsent = request.count }
        let offset = request.count - connections[index].unsent
        let sent = unsafe request.withUnsafeBytes { bytes in
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[offset...])
            return unsafe Glibc.send(connections[index].descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
        }
        if sent > 0 {
            connections[index].unsent -= sent
        } else if errno != EAGAIN {
            throw LoadError.system(call: "send", code: errno)
        }
    }

    /// Receives a reply, which is small enough to arrive in one piece; false if there is none.
    private func receive(_ index: Int) throws -> Bool {
        try unsafe withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
            let count = unsafe recv(connections[index].descriptor, buffer.baseAddress, buffer.count, 0)
            if count < 0, errno == EAGAIN { return false }
            let expected = Array("HTTP/1.1 200 OK\r\n".utf8)
            guard count > expected.count, unsafe buffer.prefix(expected.count).elementsEqual(expected) else {
                throw LoadError.unexpectedReply(unsafe String(decoding: buffer.prefix(max(0, count)), as: UTF8.self))
            }
            return true
        }
    }

    private static func connect(_ port: UInt16) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(descriptor)
            throw LoadError.system(call: "connect", code: errno)
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        return descriptor
    }
}
