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
    /// Whether the client was sent an interim reply after it had closed its side.
    var isProbed = false
    /// The reply's status, once its head is made.
    var status: HTTPResponse.Status?
    /// Bytes of the reply's body so far.
    var bytes = 0
    /// The body that is being sent, if its pieces come from elsewhere.
    var live: LiveBody?

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
        /// What of a file is not produced yet.
        case file(OpenFile, rest: Range<Int>)
        case stream(ResponseStream)
        case live(LiveBody)
    }

    var source: Source
    let isChunked: Bool
    /// Whether a piece is being produced.
    var isWaiting = false

    init(_ source: Source, isChunked: Bool) {
        self.source = source
        self.isChunked = isChunked
    }
}
