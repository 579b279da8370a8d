import Glibc

/// What came of an attempt to receive.
enum ReadOutcome: Equatable {
    /// This many bytes; `mayHaveMore` if another attempt is worth while now.
    case bytes(Int, mayHaveMore: Bool)
    /// None now.
    case wouldBlock
    /// None ever again: the client has closed its side.
    case end
}

/// Why a stream broke: an error number.
struct StreamError: Error, Equatable {
    let code: Int32
}

/// A non-blocking byte stream: `SocketStream` in clear; TLS gets its own.
protocol ByteStream {
    /// Receives what is ready, as far as it fits.
    mutating func read(into buffer: inout ByteBuffer) throws(StreamError) -> ReadOutcome

    /// Sends what the peer accepts, removing it from `output`; returns the number of bytes.
    mutating func write(from output: inout OutputQueue) throws(StreamError) -> Int

    /// Tells the peer that no more will come.
    mutating func finishWriting()
}

/// A connected, non-blocking socket; whoever made it closes the descriptor.
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
        // On a plain socket a short count means that nothing is left.
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

    func finishWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }
}
