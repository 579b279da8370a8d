internal import Dispatch
internal import Glibc

/// Why a load could not be run.
enum LoadError: Error {
    case system(call: String, code: Int32)
    case unexpectedReply(String)
}

/// A client that sends requests on several open connections from one thread, on each the next one as soon as the last
/// is answered.
final class LoadClient {
    private struct Connection {
        let socket: LoadSocket
        /// The index of the current request.
        var request = 0
        var unsent = 0
        /// When the current request was started, in nanoseconds of `DispatchTime`.
        var start: UInt64 = 0
        var requestsLeft = 0
        /// The bytes of the reply's head, until it is complete.
        var head: [UInt8] = []
        /// The bytes of the reply's body that are still missing; nil while the head is not complete.
        var bodyLeft: Int?
    }

    private let requests: [[UInt8]]
    private let status: Int
    private var connections: [Connection] = []
    private var buffer = [UInt8](repeating: 0, count: 256 << 10)
    /// Seconds from the first byte of each request to the last of its reply, of the last run.
    private(set) var latencies: [Double] = []
    /// The replies of the last run while every connection had a request, and the seconds in which they came.
    ///
    /// It begins when as many replies have come as there are connections, and ends with the last reply before no more
    /// requests are sent.
    private(set) var steady = (replies: 0, seconds: 0.0)

    /// Connects to `address`, `host:port` on loopback; connection i begins with request i and takes them in turn.
    ///
    /// - Parameters:
    ///   - address: The server's address.
    ///   - count: The number of connections.
    ///   - requests: The requests, each with head and body.
    ///   - status: The status that every reply must have.
    ///   - isSecure: Whether the server speaks TLS.
    /// - Throws: `LoadError`.
    init(
        address: String, connections count: Int, requests: [[UInt8]], expecting status: Int = 200,
        isSecure: Bool = false
    ) throws {
        self.requests = requests
        self.status = status
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw LoadError.unexpectedReply(address)
        }
        let security = isSecure ? try LoadSocket.Security() : nil
        for index in 0..<count {
            let socket = try LoadSocket(port: port, security)
            connections.append(Connection(socket: socket, request: index % requests.count))
        }
    }

    /// Sends `rounds` requests on every connection, or until `seconds` have passed; requests that are running then are
    /// finished.
    func run(rounds: Int = .max, seconds: Double = .infinity) throws {
        latencies = []
        var (isEnding, full) = (false, UInt64?.none)
        steady = (0, 0)
        let start = DispatchTime.now().uptimeNanoseconds
        let end = seconds.isFinite ? start + UInt64(seconds * 1e9) : .max
        for index in connections.indices {
            connections[index].requestsLeft = rounds
            try begin(index)
        }
        var open = connections.count
        while open > 0 {
            var watched = connections.map { connection in
                pollfd(
                    fd: connection.requestsLeft > 0 ? connection.socket.descriptor : -1,
                    events: Int16(POLLIN | (connection.unsent > 0 ? POLLOUT : 0)), revents: 0)
            }
            guard unsafe poll(&watched, nfds_t(watched.count), 30_000) > 0 else {
                throw LoadError.system(call: "poll", code: errno)
            }
            for index in connections.indices where watched[index].revents != 0 {
                if watched[index].revents & Int16(POLLOUT) != 0 { try send(index) }
                guard watched[index].revents & ~Int16(POLLOUT) != 0, try receive(index) else { continue }
                let now = DispatchTime.now().uptimeNanoseconds
                latencies.append(Double(now - connections[index].start) * 1e-9)
                if let full, !isEnding {
                    steady = (latencies.count - connections.count, Double(now - full) * 1e-9)
                } else if latencies.count == connections.count {
                    full = now
                }
                connections[index].requestsLeft = now < end ? connections[index].requestsLeft - 1 : 0
                isEnding = isEnding || connections[index].requestsLeft == 0
                if connections[index].requestsLeft > 0 { try begin(index) } else { open -= 1 }
            }
        }
    }

    /// Sends the connection's next request.
    private func begin(_ index: Int) throws {
        let next = (connections[index].request + 1) % requests.count
        connections[index].request = next
        connections[index].unsent = requests[next].count
        connections[index].start = DispatchTime.now().uptimeNanoseconds
        try send(index)
    }

    /// Sends the rest of the request, as far as the socket accepts it.
    private func send(_ index: Int) throws {
        let request = requests[connections[index].request]
        while connections[index].unsent > 0 {
            let sent = try connections[index].socket.send(request[(request.count - connections[index].unsent)...])
            guard sent > 0 else { return }
            connections[index].unsent -= sent
        }
    }

    /// Receives bytes; returns whether the reply is complete.
    private func receive(_ index: Int) throws -> Bool {
        let count = try connections[index].socket.receive(&buffer)
        guard count > 0 else { return false }
        let left: Int
        if let bodyLeft = connections[index].bodyLeft {
            left = bodyLeft - count
        } else {
            connections[index].head += buffer[..<count]
            guard let body = try bodyLength(connections[index].head) else { return false }
            left = body.start + body.length - connections[index].head.count
            connections[index].head.removeAll(keepingCapacity: true)
        }
        guard left >= 0 else { throw LoadError.unexpectedReply("more bytes than the reply has") }
        connections[index].bodyLeft = left == 0 ? nil : left
        return left == 0
    }

    /// The start and the length of the body; nil while the head is not complete.
    private func bodyLength(_ reply: [UInt8]) throws -> (start: Int, length: Int)? {
        guard let end = Self.index(of: "\r\n\r\n", in: reply[...]) else { return nil }
        guard reply.starts(with: "HTTP/1.1 \(status) ".utf8) else {
            throw LoadError.unexpectedReply(String(decoding: reply.prefix(1000), as: UTF8.self))
        }
        guard let field = Self.index(of: "\r\nContent-Length: ", in: reply[..<end]) else { return (end + 4, 0) }
        let digits = reply[(field + 18)..<end].prefix { (0x30...0x39).contains($0) }
        return (end + 4, digits.reduce(0) { $0 * 10 + Int($1 - 0x30) })
    }

    /// The first index of `text`.
    private static func index(of text: StaticString, in bytes: ArraySlice<UInt8>) -> Int? {
        let count = text.utf8CodeUnitCount
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            for start in stride(from: 0, through: bytes.count - count, by: 1) {
                var length = 0
                while length < count, unsafe bytes[start + length] == text.utf8Start[length] { length += 1 }
                if length == count { return start }
            }
            return nil
        }
    }
}
