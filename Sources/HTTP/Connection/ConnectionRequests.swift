import Dispatch
import HTTPTypes
import Logging

/// Turns received bytes into calls of handlers.
extension Connection {
    /// Reads the next request's head; false if bytes are missing.
    func readHead() -> Bool {
        if refuseTLS() { return true }
        let input = loop.input
        switch parseHead(input.storage.span.extracting(input.start..<input.end), limits: loop.headLimits) {
        case .needsMore: return false
        case .malformed(let problem):
            refuse(problem)
            return true
        case .complete(let head, let bodyStart):
            loop.input.consume(bodyStart)
            clock.restart()
            requestsLeft -= 1
            begin(head)
            return true
        }
    }

    /// Finds the route, then waits for the body or starts the handler.
    private func begin(_ head: RequestHead) {
        requests += 1
        let router = loop.core.router
        guard case .resource(let bytes) = head.target else { return answerForServer(head) }
        let target: RequestTarget
        do {
            target = try RequestTarget(parsing: bytes)
        } catch {
            return refuse(error)
        }
        var request = ServerRequest(
            id: loop.requestIDs.next(), method: head.method == .head ? .get : head.method, target: target,
            parameters: [:], fields: head.fields, body: .bytes([]), peer: peer, cancellation: Cancellation())
        request.isSecure = stream.isSecure
        request.clientCertificate = clientCertificate
        if let response = router.screened(request) {
            let exchange = Exchange(head, number: requests, route: nil, request: request)
            if head.framing != .none { leaveBody(exchange) }
            return send(response, exchange)
        }
        switch router.resolve(head.method, target) {
        case .problem(let problem):
            let exchange = Exchange(head, number: requests, route: nil, request: request)
            if head.framing != .none { leaveBody(exchange) }
            send(router.errorResponse(problem, request), exchange)
        case .route(let route, let parameters):
            request.parameters = parameters
            let admission = Result { try router.admit?(&request, route) }
            let exchange = Exchange(head, number: requests, route: route, request: request)
            do {
                _ = try admission.get()
                if route.requiresBody, !head.declaresBody {
                    throw HTTPProblem(.lengthRequired, detail: "This request needs a body with its length.")
                }
                try HTTPProblem.checkPreconditions(head.method, head.fields)
                if head.framing != .none { try Self.checkCoding(head.fields) }
                try expectBody(head, exchange, route)
            } catch {
                if head.framing != .none { leaveBody(exchange) }
                send(router.errorResponse(error, request), exchange)
            }
        }
    }

    /// Refuses a body that was compressed, because handlers read bodies as they come.
    private static func checkCoding(_ fields: HTTPFields) throws(HTTPProblem) {
        for coding in (fields[.contentEncoding] ?? "").split(whereSeparator: { ", \t".contains($0) })
        where coding.lowercased() != "identity" {
            throw HTTPProblem(
                .unsupportedMediaType, detail: "The body may not have a content coding.", parameter: "Content-Encoding",
                fields: [.acceptEncoding: "identity"])
        }
    }

    /// Prepares for the body, or handles a request that has none.
    private func expectBody(_ head: RequestHead, _ exchange: Exchange, _ route: Route) throws(HTTPProblem) {
        let limit = min(route.bodyLimit, configuration.bodyBytes)
        let expected: Int
        switch head.framing {
        case .none: return handle(exchange, .bytes([]))
        case .length(let length):
            guard length <= limit else { throw .contentTooLarge(limit: limit) }
            expected = length
        case .chunked: expected = limit
        }
        let room = reserveMemory(exchange, expected: expected, isChunked: head.framing == .chunked)
        let reader = BodyReader(head.framing, limit: limit, room: room, configuration: configuration)
        if head.expectsContinue, loop.input.isEmpty { output.append(continueReply) }
        phase = .body(reader, exchange)
    }

    /// Takes memory for a body: for all of it if it may stay in memory, otherwise for the piece that waits for the disk.
    private func reserveMemory(_ exchange: Exchange, expected: Int, isChunked: Bool) -> BodyRoom {
        let threshold = configuration.bodyMemoryThreshold
        let piece = min(expected, BodyRoom.largePiece)
        let staysInMemory = isChunked || expected <= threshold
        let whole = staysInMemory ? min(expected, threshold) : 0
        let wanted = max(whole, staysInMemory && !isChunked ? 0 : piece)
        if loop.core.memory.reserve(wanted) {
            exchange.reserved = wanted
            return BodyRoom(memory: whole, piece: piece)
        }
        // A body is not refused for want of memory: it goes to its file in small pieces.
        let small = min(expected, BodyRoom.smallPiece)
        loop.core.memory.take(small)
        exchange.reserved = small
        return BodyRoom(memory: 0, piece: small)
    }

    /// Reads the received part of a body; false if bytes are missing.
    func readBody(_ reader: BodyReader, _ exchange: Exchange) -> Bool {
        do {
            try reader.receive(&loop.input)
        } catch {
            loop.discard(reader)
            refuse(error, exchange)
            return true
        }
        if reader.hasPiece {
            spool(reader, exchange)
            return true
        }
        guard reader.isComplete else { return false }
        handle(exchange, .bytes(reader.takeBytes()))
        return true
    }

    /// Lets the disk queue write a piece of the body, and continues when it is written.
    private func spool(_ reader: BodyReader, _ exchange: Exchange) {
        phase = .spooling(reader, exchange)
        let (piece, writer) = reader.takePiece(folder: configuration.spoolFolder)
        let isLast = reader.isComplete
        let number = exchange.number
        loop.core.disk.async { [self] in
            let result = Result { () throws(BodyFileError) -> SpooledFile? in
                try writer.write(piece)
                return isLast ? writer.finish() : nil
            }
            loop.queue.async { self.spooled(result, number) }
        }
    }

    private func spooled(_ result: Result<SpooledFile?, BodyFileError>, _ number: Int) {
        guard case .spooling(let reader, let exchange) = phase, exchange.number == number else {
            // The file is not needed any more; the disk queue removes it.
            return loop.core.disk.async { _ = result }
        }
        switch result {
        case .success(let file?):
            releaseMemory(exchange)
            handle(exchange, .file(file))
        case .success(nil): phase = .body(reader, exchange)
        case .failure(let error):
            loop.core.logger.error("a request's body could not be kept", metadata: ["error": "\(error)"])
            leaveBody(exchange)
            send(loop.core.router.errorResponse(HTTPProblem.spooling(error), exchange.request), exchange)
        }
        turn(receives: false)
    }

    /// Calls the route's handler.
    private func handle(_ exchange: Exchange, _ body: RequestBody) {
        var request = exchange.request
        request.body = body
        let router = loop.core.router
        guard let route = exchange.route else { return }
        if let reply = route.shortcut?(request) { return finish(exchange, reply) }
        let pool: WorkerPool
        switch route.execution {
        case .loop: return finish(exchange, router.run(route, request))
        case .worker: pool = loop.core.workers
        case .search: pool = loop.core.searchers
        }
        phase = .handling(exchange)
        let number = exchange.number
        do {
            try pool.submit { [self, request] in
                let reply =
                    request.cancellation.isCancelled ? Self.cancelled(request, router) : router.run(route, request)
                loop.queue.async { self.handled(number, reply) }
            }
        } catch {
            refuse(exchange, "The server is busy; try again.")
        }
    }

    /// Answers 503 to a request that is beyond one of the server's limits.
    func refuse(_ exchange: Exchange, _ reason: String) {
        loop.core.meter.update { $0.overloads += 1 }
        let problem = HTTPProblem.overloaded(reason, retryAfterSeconds: configuration.retryAfterSeconds)
        send(loop.core.router.errorResponse(problem, exchange.request), exchange)
    }

    /// The answer to a client that went away before a worker was free; usually nobody sees it.
    private static func cancelled(_ request: ServerRequest, _ router: Router) -> Reply {
        .now(router.errorResponse(HTTPProblem(.serviceUnavailable, detail: "The client went away."), request))
    }

    private func handled(_ number: Int, _ reply: Reply) {
        guard case .handling(let exchange) = phase, exchange.number == number else {
            switch reply {
            case .held(let held): held.expire()
            case .now(let response): if case .live(let body) = response.body { body.finish() }
            }
            return
        }
        finish(exchange, reply)
        turn(receives: false)
    }

    /// Answers `OPTIONS *`.
    private func answerForServer(_ head: RequestHead) {
        let router = loop.core.router
        guard
            let request = try? ServerRequest(
                method: .options, target: "/", fields: head.fields, id: loop.requestIDs.next(), peer: peer)
        else {
            return close()
        }
        let exchange = Exchange(head, number: requests, route: nil, request: request)
        if head.framing != .none { leaveBody(exchange) }
        let methods = ServerResponse(.noContent, fields: [.allow: allowHeader(router.methods + [.options])])
        send(router.screened(request) ?? methods, exchange)
    }

    /// Leaves the body unread, so the connection closes after the reply.
    private func leaveBody(_ exchange: Exchange) {
        exchange.keepsAlive = false
        lingers = true
    }
}
