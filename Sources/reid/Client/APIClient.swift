internal import Foundation
internal import HTTP

/// A blocking client of one of the service's listeners.
struct APIClient {
    /// A request without its body.
    struct Request {
        let method: String
        /// The path and the query, escaped.
        let target: String
        fileprivate(set) var fields: [(name: String, value: String)] = []

        /// Adds a header field.
        mutating func add(_ name: String, _ value: String) { fields.append((name: name, value: value)) }
    }

    private let base: URL
    private let client: HTTPClient
    private let token: String?
    private let stop: StopSignals?

    /// - Parameters:
    ///   - base: such as `http://127.0.0.1:8080`.
    ///   - authorities: a PEM file with the certificates to trust for https; nil trusts those of the system.
    ///   - checksCertificate: false takes any certificate for https.
    ///   - patience: the longest time for which nothing moves.
    ///   - token: sent as a bearer token; nil sends none.
    ///   - stop: ends an exchange that still waits for its answer; nil lets it wait.
    /// - Throws: `CommandFailure` when `base` is not an http address.
    init(
        base: String, authorities: String? = nil, checksCertificate: Bool = true, patience: Duration = .seconds(3600),
        token: String? = nil, stop: StopSignals? = nil
    ) throws {
        guard let url = URL(string: base), let scheme = url.scheme, let defaultPort = Self.ports[scheme],
            let host = url.host, let port = UInt16(exactly: url.port ?? defaultPort)
        else {
            throw CommandFailure("\(base): not an http address, such as http://127.0.0.1:8080")
        }
        self.base = url
        let name = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        client = HTTPClient(
            host: name, port: port, isSecure: scheme == "https", authorities: authorities,
            checksCertificate: checksCertificate, patience: patience)
        self.token = token
        self.stop = stop
    }

    /// The ports of the two kinds of addresses.
    private static let ports = ["http": 80, "https": 443]

    /// A request for the path of `segments`, with query items; each is escaped, so that none can name another path.
    func request(
        _ method: String, _ segments: [String], query: [(name: String, value: String)] = []
    ) throws -> Request {
        // Servers and proxies treat `.` and `..` as steps in the path, even if they are escaped.
        for segment in segments where ["", ".", ".."].contains(segment) {
            throw CommandFailure("'\(segment)' is not a name or an id")
        }
        var target = base.path(percentEncoded: true)
        if target.hasSuffix("/") { target.removeLast() }
        target += segments.map { "/" + Self.escaped($0) }.joined()
        let items = query.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }
        if !items.isEmpty { target += "?" + items.joined(separator: "&") }
        var request = Request(method: method, target: target)
        if let token { request.add("Authorization", "Bearer \(token)") }
        return request
    }

    /// Percent-encodes all characters except the unreserved ones of RFC 3986, section 2.3.
    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// Sends a request and decodes the answer.
    func send<Answer: Decodable>(
        _ request: Request, body: HTTPClient.Body? = nil, as type: Answer.Type = Answer.self
    ) throws -> Answer {
        let answer = try exchange(request, body: body).body
        do {
            return try JSONDecoder().decode(type, from: Data(answer))
        } catch {
            throw CommandFailure("\(base): the answer cannot be read: \(error)")
        }
    }

    /// Sends a request and waits; a status outside 200...299 becomes a failure with the service's message.
    @discardableResult
    func exchange(_ request: Request, body: HTTPClient.Body? = nil) throws -> HTTPClient.Answer {
        let answer: HTTPClient.Answer
        do {
            answer = try client.send(
                request.method, request.target, fields: request.fields, body: body,
                isCancelled: { stop?.hasArrived == true })
        } catch {
            throw CommandFailure("\(base): \(error)" + (Self.advice(error).map { " (\($0))" } ?? ""))
        }
        guard (200..<300).contains(answer.status) else {
            let problem = try? JSONDecoder().decode(HTTPProblem.Document.self, from: Data(answer.body))
            let sentence = problem.map { [$0.title, $0.detail].compactMap { $0 }.joined(separator: ": ") }
            throw CommandFailure(sentence ?? "\(base): status \(answer.status) for \(request.target)")
        }
        return answer
    }

    /// What the user can do about a failure.
    private static func advice(_ error: HTTPClientError) -> String? {
        switch error {
        case .unknownHost, .system, .timedOut, .cutShort: "is the service running?"
        case .untrusted: "--ca names a file with the certificates to trust"
        case .tls: "does the service speak TLS?"
        case .unusableAuthorities, .body, .malformed, .cancelled, .forbidden, .tooLarge: nil
        }
    }
}
