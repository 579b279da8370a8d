internal import FoundationEssentials
import Glibc
import HTTPTypes

/// Writes one line of JSON for each request; queries, header fields and bodies, where credentials are, never appear.
struct AccessLog: Sendable {
    /// A line; what is unknown is null.
    private struct Line: Encodable {
        /// When the reply was complete, in RFC 3339.
        var at: String
        /// The request's id.
        var request: String
        /// The client's IP address.
        var peer: String
        var method: String?
        /// The pattern of the route; null if no route has the path.
        var route: String?
        /// The path without the query.
        var path: String?
        /// The status; null if no reply was begun.
        var status: Int?
        /// Bytes of the reply's body.
        var bytes: Int
        /// From the end of the request's head to the end of the reply.
        var milliseconds: Double?
        /// The name of the token that was shown.
        var token: String?

        func encode(to encoder: any Encoder) throws {
            var line = encoder.container(keyedBy: Name.self)
            try line.encode(at, forKey: .at)
            try line.encode(request, forKey: .request)
            try line.encode(peer, forKey: .peer)
            try line.encode(method, forKey: .method)
            try line.encode(route, forKey: .route)
            try line.encode(path, forKey: .path)
            try line.encode(status, forKey: .status)
            try line.encode(bytes, forKey: .bytes)
            try line.encode(milliseconds, forKey: .milliseconds)
            try line.encode(token, forKey: .token)
        }

        private enum Name: String, CodingKey {
            case at, request, peer, method, route, path, status, bytes, milliseconds, token
        }
    }

    private let write: @Sendable (String) -> Void

    /// Gives each line, without its end, to `write`, which must not block.
    init(_ write: @escaping @Sendable (String) -> Void) { self.write = write }

    /// Logs a request whose reply is complete, or that was abandoned earlier.
    func note(_ exchange: Exchange) {
        let request = exchange.request
        write(
            Line(
                at: Self.now, request: exchange.id, peer: request.peer,
                method: (exchange.isHead ? .head : request.method).rawValue, route: exchange.route?.pattern,
                path: request.target.loggedPath, status: exchange.status?.code, bytes: exchange.bytes,
                milliseconds: Double((uptime() - exchange.start) / 1000) / 1000, token: request.principal?.name))
    }

    /// Logs a request that was refused before its method and path were known.
    func note(refused id: String, _ status: HTTPResponse.Status, bytes: Int, peer: String) {
        write(Line(at: Self.now, request: id, peer: peer, status: status.code, bytes: bytes))
    }

    private func write(_ line: Line) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let text = try? encoder.encode(line) else { return }
        write(String(decoding: text, as: UTF8.self))
    }

    private static var now: String {
        Date.now.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    /// Writes a line to standard error, in one call, so that lines of several threads do not mix.
    static let toStandardError: @Sendable (String) -> Void = { text in
        let bytes = Array(text.utf8) + [0x0A]
        _ = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}
