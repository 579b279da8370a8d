internal import Foundation
internal import Synchronization

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// A blocking client of one of the service's listeners.
struct APIClient {
    let base: URL
    let token: String?

    /// - Parameters:
    ///   - base: such as `http://127.0.0.1:8080`.
    ///   - token: sent as a bearer token; nil sends none.
    /// - Throws: `CommandFailure` when `base` is not an http address.
    init(base: String, token: String? = nil) throws {
        guard let url = URL(string: base), url.scheme == "http" || url.scheme == "https", url.host != nil else {
            throw CommandFailure("\(base): not an http address, such as http://127.0.0.1:8080")
        }
        self.base = url
        self.token = token
    }

    /// A request for `path` (segments are escaped) with query items.
    func request(_ method: String, _ segments: [String], query: [URLQueryItem] = []) -> URLRequest {
        var url = base
        for segment in segments { url.appendPathComponent(segment) }
        if !query.isEmpty { url.append(queryItems: query) }
        var request = URLRequest(url: url, timeoutInterval: 3600)
        request.httpMethod = method
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        return request
    }

    /// Sends a request and decodes the answer; a status outside 200...299 becomes a failure with the service's message.
    func send<Answer: Decodable>(_ request: URLRequest, body: Body = .none, as type: Answer.Type) throws -> Answer {
        let (status, data) = try exchange(request, body: body)
        guard (200..<300).contains(status) else {
            throw CommandFailure(problem(data) ?? "\(request.url?.path ?? ""): status \(status)")
        }
        do {
            let decoder = JSONDecoder()
            decoder.keyDecodingStrategy = .convertFromSnakeCase
            return try decoder.decode(type, from: data)
        } catch {
            throw CommandFailure("\(base): an answer that this program does not understand: \(error)")
        }
    }

    /// The body of a request.
    enum Body {
        case none
        case bytes(Data)
        /// Streamed from disk.
        case file(URL)
    }

    /// Sends a request and waits; returns the status and the body of the answer.
    func exchange(_ request: URLRequest, body: Body = .none) throws -> (Int, Data) {
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
        done.wait()
        session.finishTasksAndInvalidate()
        guard let result = outcome.withLock({ $0 }) else { throw CommandFailure("\(base): no answer") }
        return try result.get()
    }

    /// The sentence of a problem document (RFC 9457).
    private func problem(_ data: Data) -> String? {
        struct Problem: Decodable {
            let title: String?
            let status: Int?
            let detail: String?
        }
        guard let problem = try? JSONDecoder().decode(Problem.self, from: data), let title = problem.title else {
            return nil
        }
        return [title, problem.detail].compactMap { $0 }.joined(separator: ": ")
    }
}
