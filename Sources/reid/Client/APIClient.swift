internal import Foundation
internal import HTTP
internal import Synchronization

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// A blocking client of one of the service's listeners.
struct APIClient {
    private let base: URL
    private let token: String?
    private let stop: StopSignals?

    /// - Parameters:
    ///   - base: such as `http://127.0.0.1:8080`.
    ///   - token: sent as a bearer token; nil sends none.
    ///   - stop: ends an exchange that still waits for its answer; nil lets it wait.
    /// - Throws: `CommandFailure` when `base` is not an http address.
    init(base: String, token: String? = nil, stop: StopSignals? = nil) throws {
        guard let url = URL(string: base), url.scheme == "http" || url.scheme == "https", url.host != nil else {
            throw CommandFailure("\(base): not an http address, such as http://127.0.0.1:8080")
        }
        self.base = url
        self.token = token
        self.stop = stop
    }

    /// A request for the path of `segments`, with query items; each is escaped, so that none can name another path.
    func request(
        _ method: String, _ segments: [String], query: [(name: String, value: String)] = []
    ) throws -> URLRequest {
        // Clients and proxies treat `.` and `..` as steps in the path, even if they are escaped.
        for segment in segments where ["", ".", ".."].contains(segment) {
            throw CommandFailure("'\(segment)' is not a name or an id")
        }
        var address = base.absoluteString
        if address.hasSuffix("/") { address.removeLast() }
        address += segments.map { "/" + Self.escaped($0) }.joined()
        let items = query.map { "\(Self.escaped($0.name))=\(Self.escaped($0.value))" }
        if !items.isEmpty { address += "?" + items.joined(separator: "&") }
        guard let url = URL(string: address) else { throw CommandFailure("\(address): not an http address") }
        var request = URLRequest(url: url, timeoutInterval: 3600)
        request.httpMethod = method
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        return request
    }

    /// Percent-encodes all characters except the unreserved ones of RFC 3986, section 2.3.
    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }

    private static let unreserved = CharacterSet(
        charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

    /// The body of a request.
    enum Body {
        case none
        case bytes(Data)
        /// Streamed from disk.
        case file(URL)
    }

    /// Sends a request and decodes the answer.
    func send<Answer: Decodable>(
        _ request: URLRequest, body: Body = .none, as type: Answer.Type = Answer.self
    ) throws -> Answer {
        let answer = try exchange(request, body: body).body
        do {
            return try JSONDecoder().decode(type, from: answer)
        } catch {
            throw CommandFailure("\(base): the answer cannot be read: \(error)")
        }
    }

    /// Sends a request and waits; a status outside 200...299 becomes a failure with the service's message.
    @discardableResult
    func exchange(_ request: URLRequest, body: Body = .none) throws -> (status: Int, body: Data) {
        let (status, answer) = try wait(for: request, body)
        guard (200..<300).contains(status) else {
            let problem = try? JSONDecoder().decode(HTTPProblem.Document.self, from: answer)
            let sentence = problem.map { [$0.title, $0.detail].compactMap { $0 }.joined(separator: ": ") }
            throw CommandFailure(sentence ?? "\(base): status \(status) for \(request.url?.path ?? "")")
        }
        return (status, answer)
    }

    private func wait(for request: URLRequest, _ body: Body) throws -> (Int, Data) {
        let outcome = Mutex<Result<(Int, Data), CommandFailure>?>(nil)
        let done = DispatchSemaphore(value: 0)
        let base = base
        let finish: @Sendable (Data?, URLResponse?, (any Error)?) -> Void = { data, response, error in
            outcome.withLock { outcome in
                if let response = response as? HTTPURLResponse {
                    outcome = .success((response.statusCode, data ?? Data()))
                } else {
                    let reason = error?.localizedDescription ?? "no answer"
                    outcome = .failure(CommandFailure("\(base): \(reason) (is the service running?)"))
                }
            }
            done.signal()
        }
        let session = URLSession(configuration: .ephemeral)
        let task =
            switch body {
            case .none: session.dataTask(with: request, completionHandler: finish)
            case .bytes(let data): session.uploadTask(with: request, from: data, completionHandler: finish)
            case .file(let url): session.uploadTask(with: request, fromFile: url, completionHandler: finish)
            }
        task.resume()
        while done.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
            if stop?.hasArrived == true { task.cancel() }
        }
        session.finishTasksAndInvalidate()
        guard let result = outcome.withLock({ $0 }) else { throw CommandFailure("\(base): no answer") }
        return try result.get()
    }
}
