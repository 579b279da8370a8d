import HTTPTypes

/// One request being answered.
final class Exchange {
    let id: String
    /// Tells it from the others of its connection.
    let number: Int
    let isHead: Bool
    let isHTTP10: Bool
    /// Whether another request may follow on the connection; cleared when the body is left unread.
    var keepsAlive: Bool
    /// Absent for a request that no route answers.
    let route: Route?
    /// When its head had been read, on `uptime`'s clock.
    let start = uptime()
    /// The request without its body.
    let request: ServerRequest
    /// Bytes reserved of the memory for bodies.
    var reserved = 0

    init(_ head: RequestHead, number: Int, route: Route?, request: ServerRequest) {
        self.number = number
        id = request.id
        isHead = head.method == .head
        isHTTP10 = head.isHTTP10
        keepsAlive = head.keepsAlive
        self.route = route
        self.request = request
    }

    var cancellation: Cancellation { request.cancellation }
}

/// Where the rest of a reply comes from.
final class ReplyProducer {
    enum Source {
        case file(OpenFile)
        case stream(ResponseStream)
    }

    let source: Source
    let isChunked: Bool
    /// Bytes of a file produced so far.
    var offset = 0
    /// Whether a piece is being made.
    var isWaiting = false

    init(_ source: Source, isChunked: Bool) {
        self.source = source
        self.isChunked = isChunked
    }
}
