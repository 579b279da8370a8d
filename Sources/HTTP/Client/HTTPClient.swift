import Dispatch
import Glibc

/// A blocking HTTP/1.1 client for programs that ask a server now and then; it makes one connection for each request.
public struct HTTPClient: Sendable {
    /// A request's body.
    public enum Body: Sendable {
        /// These bytes.
        case bytes([UInt8])
        /// The bytes of a file, which is read while it is sent.
        case file(path: String)
    }

    /// What a server answered.
    public struct Answer: Sendable, Equatable {
        /// The status.
        public let status: Int
        /// The body.
        public let body: [UInt8]
    }

    private let host: String
    private let port: UInt16
    private let isSecure: Bool
    private let authorities: String?
    private let checksCertificate: Bool
    private let patience: Duration
    private let longest: Duration?
    private let answerBytes: Int
    private let allows: @Sendable (_ address: String) -> Bool

    /// Describes a server.
    ///
    /// - Parameters:
    ///   - host: A name or an address, without brackets.
    ///   - port: The port.
    ///   - isSecure: Whether the server speaks TLS.
    ///   - authorities: A PEM file with the certificates to trust; nil: those that the system trusts.
    ///   - checksCertificate: Whether a server must show a certificate that is trusted and its own; false only for this machine.
    ///   - patience: The longest time for which nothing moves.
    ///   - longest: The longest time for all of it, of which looking up the name is not interrupted; nil: as long as
    ///     something moves.
    ///   - answerBytes: The most bytes of an answer's body.
    ///   - allows: Whether a connection to this address may be made; asked about the address that the host's name has, right
    ///     before it is used.
    public init(
        host: String, port: UInt16, isSecure: Bool, authorities: String? = nil, checksCertificate: Bool = true,
        patience: Duration = .seconds(3600), longest: Duration? = nil, answerBytes: Int = .max,
        allows: @escaping @Sendable (_ address: String) -> Bool = { _ in true }
    ) {
        self.host = host
        self.port = port
        self.isSecure = isSecure
        self.authorities = authorities
        self.checksCertificate = checksCertificate
        self.patience = patience
        self.longest = longest
        self.answerBytes = answerBytes
        self.allows = allows
    }

    /// Sends a request and waits for its answer.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - target: The path and query, escaped.
    ///   - fields: Header fields besides those that HTTP itself needs.
    ///   - body: The body; nil: none.
    ///   - isCancelled: Asked several times a second; true gives up.
    /// - Returns: The final answer.
    /// - Throws: `HTTPClientError`.
    public func send(
        _ method: String, _ target: String, fields: [(name: String, value: String)] = [], body: Body? = nil,
        isCancelled: () -> Bool = { false }
    ) throws(HTTPClientError) -> Answer {
        let end = longest.map { uptime() + nanoseconds($0 / .seconds(1)) } ?? .max
        var lastMove = uptime()
        func check() throws(HTTPClientError) {
            if uptime() > end { throw .timedOut }
        }
        func wait() throws(HTTPClientError) {
            if isCancelled() { throw .cancelled }
            try check()
            if uptime() - lastMove > nanoseconds(patience / .seconds(1)) { throw .timedOut }
        }
        // A server that closes early must not end the program.
        signal(SIGPIPE, SIG_IGN)
        var source = try BodySource(body)
        let socket = try ClientSocket(host: host, port: port, allows: allows, wait: wait)
        if isSecure {
            let trust = authorities.map { ClientSocket.Trust.file($0) } ?? .system
            try socket.secure(host: host, trust: checksCertificate ? trust : .anyone, check: check, wait: wait)
        }
        var output = head(method, target, fields, length: source?.size)[...]
        var reader = ResponseReader()
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var isSending = true
        while !reader.isComplete {
            try check()
            if isSending, output.isEmpty {
                if let piece = try source?.next() { output = piece[...] } else { isSending = false }
            }
            // An answer that comes before the end of the request makes the rest of it useless.
            if isSending {
                guard let sent = reader.status == nil ? socket.send(output) : nil else {
                    isSending = false
                    continue
                }
                output.removeFirst(sent)
                if sent > 0 { lastMove = uptime() }
                if sent == 0, !socket.isReady(orReadable: true) { try wait() }
            }
            switch socket.receive(&buffer) {
            case nil: try reader.end(isClean: socket.hasGoodbye)
            case 0?:
                if !isSending, !socket.isReady() { try wait() }
            case let count?:
                lastMove = uptime()
                try reader.receive(buffer[..<count])
                if reader.content.count > answerBytes { throw .tooLarge(limit: answerBytes) }
            }
        }
        return Answer(status: reader.status ?? 0, body: reader.content)
    }

    private func head(
        _ method: String, _ target: String, _ fields: [(name: String, value: String)], length: Int?
    ) -> [UInt8] {
        let name = host.contains(":") ? "[\(host)]" : host
        var head = "\(method) \(target) HTTP/1.1\r\nHost: \(name):\(port)\r\nConnection: close\r\n"
        for field in fields { head += "\(field.name): \(field.value)\r\n" }
        if let length { head += "Content-Length: \(length)\r\n" }
        return Array((head + "\r\n").utf8)
    }
}

/// The pieces of a request's body.
private struct BodySource {
    private static let pieceBytes = 256 << 10

    private let file: OpenFile?
    private var bytes: [UInt8]
    private var offset = 0
    let size: Int

    init?(_ body: HTTPClient.Body?) throws(HTTPClientError) {
        switch body {
        case nil: return nil
        case .bytes(let bytes):
            file = nil
            self.bytes = bytes
            size = bytes.count
        case .file(let path):
            do {
                let file = try OpenFile(path: path)
                self.file = file
                bytes = []
                size = file.size
            } catch {
                throw .body(error)
            }
        }
    }

    /// The next piece; nil after the last.
    mutating func next() throws(HTTPClientError) -> [UInt8]? {
        guard offset < size else { return nil }
        let end = min(size, offset + Self.pieceBytes)
        defer { offset = end }
        guard let file else { return Array(bytes[offset..<end]) }
        do {
            return try file.bytes(in: offset..<end)
        } catch {
            throw .body(error)
        }
    }
}
