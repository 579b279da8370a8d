import Glibc

/// The result of an attempt to receive.
enum ReadOutcome: Equatable {
    /// The number of bytes received; `mayHaveMore`: another attempt now may give more.
    case bytes(Int, mayHaveMore: Bool)
    /// There are no bytes now.
    case wouldBlock
    /// The client has closed its side; there will be no more bytes.
    case end
}

/// Why a stream failed: the system's error number.
struct StreamError: Error, Equatable {
    let code: Int32
}

/// What a socket must become.
enum SocketNeed {
    case readable
    case writable
}

/// A non-blocking stream of bytes: `SocketStream` in clear, `TLSStream` under TLS.
protocol ByteStream {
    /// Whether others can neither read nor change the bytes on their way.
    var isSecure: Bool { get }

    /// What the stream itself waits for since its last call, whatever its owner waits for; nil: nothing.
    var need: SocketNeed? { get }

    /// Whether the stream may hold bytes that the socket does not announce any more.
    var hasUnread: Bool { get }

    /// Goes on with the handshake that comes before everything else.
    mutating func handshake() -> HandshakeOutcome

    /// Receives the bytes that are ready, as far as they fit.
    mutating func read(into buffer: inout ByteBuffer) throws(StreamError) -> ReadOutcome

    /// Sends as many bytes as the peer accepts and removes them from `output`; returns their number.
    mutating func write(from output: inout OutputQueue) throws(StreamError) -> Int

    /// Closes the writing side, so that the peer sees the end; false: call it again when `need` is met.
    mutating func finishWriting() -> Bool
}

/// A stream without a protocol of its own.
extension ByteStream {
    var isSecure: Bool { false }
    var need: SocketNeed? { nil }
    var hasUnread: Bool { false }

    func handshake() -> HandshakeOutcome { .complete(HandshakeFacts()) }
}

/// A connected, non-blocking socket; its creator closes the descriptor.
struct SocketStream: ByteStream {
    let descriptor: Int32

    func read(into buffer: inout ByteBuffer) throws(StreamError) -> ReadOutcome {
        let room = buffer.room
        var isEnd = false
        let received = try unsafe buffer.fill { (bytes) throws(StreamError) -> Int in
            while true {
                let count = unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
                if count > 0 { return count }
                if count == 0 {
                    isEnd = true
                    return 0
                }
                if errno == EAGAIN || errno == EWOULDBLOCK { return 0 }
                guard errno == EINTR else { throw StreamError(code: errno) }
            }
        }
        if isEnd { return .end }
        // On a plain socket, fewer bytes than fit mean that no more are ready.
        return received == 0 ? .wouldBlock : .bytes(received, mayHaveMore: received == room)
    }

    func write(from output: inout OutputQueue) throws(StreamError) -> Int {
        var total = 0
        while !output.isEmpty {
            let sent = unsafe output.withVectors { vectors, count in unsafe writev(descriptor, vectors, count) } ?? 0
            if sent >= 0 {
                output.remove(sent)
                total += sent
            } else if errno == EAGAIN || errno == EWOULDBLOCK {
                break
            } else if errno != EINTR {
                throw StreamError(code: errno)
            }
        }
        return total
    }

    func finishWriting() -> Bool {
        _ = shutdown(descriptor, Int32(SHUT_WR))
        return true
    }
}
