import HTTPTypes

/// One request being answered.
final class Exchange {
    let id: String
    /// The request's number on its connection.
    let number: Int
    let isHead: Bool
    let isHTTP10: Bool
    /// Whether another request may follow on the connection; cleared when the body is left unread.
    var keepsAlive: Bool
    /// The route; nil if no route answers the request.
    let route: Route?
    /// When the request's head was complete, on the clock of `uptime`.
    let start = uptime()
    /// The request without its body.
    let request: ServerRequest
    /// The bytes reserved from the memory for bodies.
    var reserved = 0
    /// The reply's status, once its head is made.
    var status: HTTPResponse.Status?
    /// Bytes of the reply's body so far.
    var bytes = 0

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

/// The source of the rest of a reply.
final class ReplyProducer {
    enum Source {
        case file(OpenFile)
        case stream(ResponseStream)
    }

    let source: Source
    let isChunked: Bool
    /// The bytes of a file that were produced so far.
    var offset = 0
    /// Whether a piece is being produced.
    var isWaiting = false

    init(_ source: Source, isChunked: Bool) {
        self.source = source
        self.isChunked = isChunked
    }
}
