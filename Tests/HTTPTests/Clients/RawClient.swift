import Dispatch
import Glibc
import HTTPTypes
import Logging

@testable import HTTP

/// Why a test's client gave up.
enum ClientError: Error {
    case cannotConnect(Int32)
    case cannotSend(Int32)
    case noReply(String)
}

/// One reply as a client sees it.
struct RawReply {
    let status: Int
    let head: String
    let body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }

    /// A header's value.
    func field(_ name: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("\(name.lowercased()): ") {
            return String(line.dropFirst(name.count + 2))
        }
        return nil
    }
}

/// A blocking socket that a test controls; every wait ends after a long time-out.
final class RawClient {
    let descriptor: Int32
    private let secure: TLSClient?
    private var received: [UInt8] = []
    private var isReset = false

    /// Connects, and sets up TLS if the server at `address` speaks it.
    convenience init(_ address: String) throws(ClientError) {
        try self.init(address, Transport.of(address) == .tls ? TLSClient.Options() : nil)
    }

    /// Connects, and sets up TLS if `options` says how.
    init(_ address: String, _ options: TLSClient.Options?) throws(ClientError) {
        let port = UInt16(address.split(separator: ":").last ?? "") ?? 0
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, size)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let code = errno
            close(descriptor)
            throw .cannotConnect(code)
        }
        do {
            secure = if let options { try TLSClient(descriptor, options) } else { nil }
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { if !isReset { close(descriptor) } }

    func send(_ text: String) throws(ClientError) { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws(ClientError) {
        if let secure { return try secure.send(bytes) }
        var offset = 0
        while offset < bytes.count {
            let sent = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset...])
                return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw .cannotSend(errno) }
            offset += sent
        }
    }

    /// Closes the sending side.
    func finish() {
        secure?.finish()
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Whether the server has said that nothing follows, as TLS does and TCP cannot.
    var hasGoodbye: Bool { secure?.hasGoodbye ?? false }
    /// The facts of the TLS connection; nil in clear.
    var session: TLSClient? { secure }

    /// Closes the connection with a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        close(descriptor)
        isReset = true
    }

    /// Reads one reply, by its length or, without one, until the end.
    func reply(toHead: Bool = false) throws(ClientError) -> RawReply {
        let blank = Array("\r\n\r\n".utf8)
        var headEnd = firstOffset(of: blank[...], in: received[...])
        while headEnd == nil {
            guard try more() else { throw .noReply(String(decoding: received, as: UTF8.self)) }
            headEnd = firstOffset(of: blank[...], in: received[...])
        }
        let end = (headEnd ?? 0) + 4
        let head = String(decoding: received[..<end], as: UTF8.self)
        received.removeFirst(end)
        let status = Int(head.split(separator: " ")[1]) ?? 0
        let bare = RawReply(status: status, head: head, body: [])
        if toHead || status < 200 || status == 204 || status == 304 { return bare }
        let length = bare.field("Content-Length").flatMap(Int.init)
        while received.count < length ?? .max, try more() {}
        if let length, received.count < length { throw .noReply(head) }
        let body = Array(received.prefix(length ?? received.count))
        received.removeFirst(body.count)
        return RawReply(status: status, head: head, body: body)
    }

    /// Reads until the end; returns whether the server has closed the connection.
    func isClosed() -> Bool {
        do {
            while try more() {}
            return true
        } catch {
            return false
        }
    }

    /// Reads more bytes; false at the end or after a reset.
    private func more() throws(ClientError) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count: Int
        if let secure {
            count = secure.receive(&buffer)
        } else {
            count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        }
        if count == 0 || count < 0 && errno == ECONNRESET { return false }
        guard count > 0 else { throw .noReply("nothing within the time: errno \(errno)") }
        received += buffer[..<count]
        return true
    }
}

/// Runs a server on a free port during a test.
func withServer<R>(
    _ router: Router = testRouter(), _ configure: (inout HTTPServer.Configuration) -> Void = { _ in },
    _ body: (HTTPServer, String) throws -> R
) throws -> R {
    var configuration = HTTPServer.Configuration()
    configuration.loops = 2
    configure(&configuration)
    let (server, address) = try startedServer(router, configuration)
    defer { server.stop(grace: .zero) }
    return try body(server, address)
}

/// Starts a server on a free port; the test's transport decides whether it speaks TLS.
func startedServer(
    _ router: Router, _ configuration: HTTPServer.Configuration = .init()
) throws -> (server: HTTPServer, address: String) {
    let transport = Transport.current
    let tls = transport == .tls ? try TLSContext(try TestCertificates.shared.get().server) : nil
    let server = HTTPServer(configuration: configuration, router: router, tls: tls, logger: quietLogger)
    let address = try server.start(address: "127.0.0.1:0")
    transport.register(address)
    return (server, address)
}

/// A signal that tests raise and wait for.
final class Signal: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func raise() { semaphore.signal() }

    /// Waits; false after half a minute.
    func wait() -> Bool { semaphore.wait(timeout: .now() + 30) == .success }
}
