import Dispatch
import HTTPTypes
import Logging

/// Turns replies into bytes.
extension Connection {
    /// Sends a handler's reply, or waits if it is held.
    func finish(_ exchange: Exchange, _ reply: Reply) {
        switch reply {
        case .now(let response): send(response, exchange)
        case .held(let held):
            guard loop.core.held.reserve(1) else {
                held.expire()
                return refuse(exchange, "Too many requests wait for news; try again.")
            }
            phase = .held(exchange, held)
            let number = exchange.number
            let early = held.attach { [self] response in
                loop.queue.async { self.completed(number, response) }
            }
            if let early {
                send(early, exchange)
            } else if loop.isDraining {
                answerHeld()
            }
        }
    }

    private func completed(_ number: Int, _ response: ServerResponse) {
        guard case .held(let exchange, _) = phase, exchange.number == number else { return }
        send(response, exchange)
        turn(receives: false)
    }

    /// Answers a held reply with its time-out's answer.
    func answerHeld() {
        guard case .held(let exchange, let held) = phase, held.expire() else { return }
        send(held.onTimeout(), exchange)
    }

    /// Tells a held reply that its client has gone away.
    func abandon() {
        guard case .held(let exchange, let held) = phase else { return }
        loop.core.held.release(1)
        held.expire()
        over(exchange, cancels: true)
        phase = .closing
        close()
    }

    /// Refuses a request that could not be parsed; the connection closes afterwards.
    func refuse(_ problem: HTTPProblem) {
        dispatchPrecondition(condition: .onQueue(loop.queue))
        let id = loop.requestIDs.next()
        let response = problem.response(instance: id)
        guard case .bytes(let body) = response.body else { return close() }
        let head = ReplyHead(id: id, framing: .length(body.count), connection: "close")
        output.append(encodeHead(response, head, date: loop.dateClock.now()))
        output.append(body)
        loop.core.meter.update { $0.responses[response.status.code, default: 0] += 1 }
        loop.core.accessLog?.note(refused: id, response.status, bytes: body.count, peer: peer)
        lingers = true
        phase = .closing
    }

    /// Refuses a request while its body arrives; the connection closes afterwards.
    func refuse(_ problem: HTTPProblem, _ exchange: Exchange) {
        exchange.keepsAlive = false
        lingers = true
        send(loop.core.router.errorResponse(problem, exchange.request), exchange)
    }

    /// Sends a response: at once, or first its head and then its body piece by piece.
    func send(_ response: ServerResponse, _ exchange: Exchange) {
        dispatchPrecondition(condition: .onQueue(loop.queue))
        if case .live(let body) = response.body, exchange.isHead || !loop.core.streams.reserve(1) {
            body.finish()
            if !exchange.isHead { return refuse(exchange, "Too many streams are open; try again.") }
        }
        let response = loop.core.router.complete(
            response.conditioned(by: exchange.request, isHead: exchange.isHead), to: exchange.request)
        if case .held = phase { loop.core.held.release(1) }
        var keepsAlive = exchange.keepsAlive && !loop.isDraining
        let framing: ReplyFraming
        switch response.body {
        case _ where response.status == .noContent || response.status == .notModified: framing = .none
        case .empty: framing = .length(0)
        case .bytes(let bytes): framing = .length(bytes.count)
        case .file(let file): framing = .length(response.part?.count ?? file.size)
        case .stream, .live: framing = exchange.isHTTP10 ? .close : .chunked
        }
        if framing == .close { keepsAlive = false }
        exchange.keepsAlive = keepsAlive
        let connection = keepsAlive ? (exchange.isHTTP10 ? "keep-alive" : nil) : "close"
        let head = ReplyHead(id: exchange.id, framing: framing, connection: connection)
        output.append(encodeHead(response, head, date: loop.dateClock.now()))
        loop.core.meter.update { $0.responses[response.status.code, default: 0] += 1 }
        note(response.status, exchange)
        guard framing != .none, !exchange.isHead else { return done(exchange) }
        switch response.body {
        case .empty: done(exchange)
        case .bytes(let bytes):
            exchange.bytes = bytes.count
            output.append(bytes)
            done(exchange)
        case .file(let file):
            let rest = response.part ?? 0..<file.size
            phase = .sending(exchange, ReplyProducer(.file(file, rest: rest), isChunked: false))
        case .stream(let stream):
            phase = .sending(exchange, ReplyProducer(.stream(stream), isChunked: framing == .chunked))
        case .live(let body):
            exchange.live = body
            phase = .sending(exchange, ReplyProducer(.live(body), isChunked: framing == .chunked))
            body.attach { [self] in loop.queue.async { self.turn(receives: false) } }
            if loop.isDraining { body.stop() }
        }
    }

    /// Keeps the status for the access log, and reports it to the metrics.
    private func note(_ status: HTTPResponse.Status, _ exchange: Exchange) {
        exchange.status = status
        guard let observe = loop.core.router.observe else { return }
        observe(exchange.route?.pattern, exchange.request, status, .nanoseconds(uptime() - exchange.start))
    }

    /// Continues after a complete reply: with the next request, or by closing.
    private func done(_ exchange: Exchange) {
        over(exchange)
        clock.restart()
        // Unread bytes of the client would reset the connection before the client sees the reply, so it lingers.
        if !exchange.keepsAlive, loop.isDraining || !loop.input.isEmpty { lingers = true }
        phase = exchange.keepsAlive ? .head : .closing
    }

    // MARK: Piece by piece

    /// The bytes of a file that are read at a time.
    private static var pieceBytes: Int { 256 << 10 }

    /// Produces the next piece of a reply; returns whether it is there already.
    func produce(_ exchange: Exchange, _ producer: ReplyProducer) -> Bool {
        if case .live(let body) = producer.source { return take(from: body, exchange, isChunked: producer.isChunked) }
        producer.isWaiting = true
        let number = exchange.number
        let deliver: @Sendable (Result<[UInt8]?, any Error>) -> Void = { [self] piece in
            loop.queue.async { self.produced(piece, number) }
        }
        switch producer.source {
        case .stream(let stream): loop.core.workers.resume { deliver(Result { try stream.next() }) }
        case .file(let file, let rest):
            let range = rest.prefix(Self.pieceBytes)
            producer.source = .file(file, rest: range.upperBound..<rest.upperBound)
            loop.core.disk.async {
                deliver(Result { range.isEmpty ? nil : try file.bytes(in: range) })
            }
        case .live: break
        }
        return false
    }

    /// Takes what a live body has to send now; returns whether that is anything.
    private func take(from body: LiveBody, _ exchange: Exchange, isChunked: Bool) -> Bool {
        let (bytes, isLast) = body.take()
        append(bytes, exchange, isChunked: isChunked)
        guard isLast else { return !bytes.isEmpty }
        finishBody(exchange, isChunked: isChunked)
        // The next request may have arrived already.
        loop.queue.async { self.turn(receives: false) }
        return true
    }

    private func append(_ bytes: [UInt8], _ exchange: Exchange, isChunked: Bool) {
        exchange.bytes += bytes.count
        if isChunked, !bytes.isEmpty {
            output.append(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + [cr, lf])
        } else {
            output.append(bytes)
        }
    }

    private func finishBody(_ exchange: Exchange, isChunked: Bool) {
        if isChunked { output.append(Array("0\r\n\r\n".utf8)) }
        done(exchange)
    }

    private func produced(_ piece: Result<[UInt8]?, any Error>, _ number: Int) {
        guard case .sending(let exchange, let producer) = phase, exchange.number == number else { return }
        producer.isWaiting = false
        switch piece {
        case .success(let bytes?): append(bytes, exchange, isChunked: producer.isChunked)
        case .success(nil): finishBody(exchange, isChunked: producer.isChunked)
        case .failure(let error):
            loop.core.logger.error("a reply was cut short", metadata: ["id": "\(exchange.id)", "error": "\(error)"])
            close()
        }
        turn(receives: false)
    }
}
