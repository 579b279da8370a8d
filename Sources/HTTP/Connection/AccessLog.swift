import HTTPTypes
import Logging

/// Writes one line for each request; queries, header fields and bodies, where credentials are, never appear.
struct AccessLog: Sendable {
    private let logger: Logger

    /// Writes to `logger` at level info, whatever the logger's own level.
    init(_ logger: Logger) {
        var logger = logger
        logger.logLevel = .info
        self.logger = logger
    }

    /// Logs a request whose reply is complete, or that was abandoned earlier; its status is `none` if no reply was
    /// begun.
    func note(_ exchange: Exchange) {
        let request = exchange.request
        logger.info(
            "request",
            metadata: [
                "id": "\(exchange.id)", "peer": "\(request.peer)",
                "method": "\(exchange.isHead ? .head : request.method)", "path": "\(request.target.loggedPath)",
                "status": "\(exchange.status.map { "\($0.code)" } ?? "none")", "bytes": "\(exchange.bytes)",
                "milliseconds": "\(Double((uptime() - exchange.start) / 1000) / 1000)",
            ])
    }

    /// Logs a request that was refused before its method and path were known.
    func note(refused id: String, _ status: HTTPResponse.Status, bytes: Int, peer: String) {
        logger.info(
            "refused",
            metadata: ["id": "\(id)", "peer": "\(peer)", "status": "\(status.code)", "bytes": "\(bytes)"])
    }
}
