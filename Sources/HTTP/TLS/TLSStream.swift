internal import COpenSSL
import Glibc

/// A connected, non-blocking socket under TLS; its creator closes the descriptor.
///
/// One thread at a time uses it: its connection's loop.
@safe final class TLSStream: ByteStream {
    /// The result of one call of OpenSSL.
    private enum Outcome {
        case done(Int)
        case wantsRead
        case wantsWrite
        case end
        case failed(StreamError)
    }

    private let session: OpaquePointer?
    private let descriptor: Int32
    private(set) var need: SocketNeed? = .readable
    private(set) var hasUnread = false
    /// Whether the client's first byte looked like TLS.
    private var hasBegun = false
    private var isEstablished = false
    private var isFinished = false
    /// After a failure OpenSSL must not be called again.
    private var hasFailed = false

    /// Takes over OpenSSL's state of a connection; nil: there was no memory, and every use fails.
    init(taking session: OpaquePointer?, _ descriptor: Int32) {
        unsafe self.session = unsafe session
        self.descriptor = descriptor
        guard let session = unsafe session, unsafe SSL_set_fd(session, descriptor) == 1 else {
            hasFailed = true
            return
        }
        unsafe SSL_set_accept_state(session)
    }

    deinit { unsafe SSL_free(session) }

    var isSecure: Bool { true }

    func handshake() -> HandshakeOutcome {
        if !hasBegun {
            var first: UInt8 = 0
            let count = unsafe recv(descriptor, &first, 1, Int32(MSG_PEEK))
            if count < 0, [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) { return wait(for: .readable) }
            guard count > 0 else { return .failed(reason: "the client left") }
            // A record of TLS never begins with a letter, and a request in clear does.
            if UInt8(ascii: "A")...UInt8(ascii: "z") ~= first { return .isClear(SocketStream(descriptor: descriptor)) }
            hasBegun = true
        }
        switch unsafe call({ unsafe SSL_do_handshake($0) }) {
        case .done:
            need = nil
            isEstablished = true
            hasUnread = true
            return .complete(handshakeFacts)
        case .wantsRead: return wait(for: .readable)
        case .wantsWrite: return wait(for: .writable)
        case .end: return .failed(reason: "the client left")
        case .failed:
            defer { ERR_clear_error() }
            return .failed(reason: opensslReason())
        }
    }

    private func wait(for need: SocketNeed) -> HandshakeOutcome {
        self.need = need
        return .waits
    }

    private var handshakeFacts: HandshakeFacts {
        var subject: String?
        if let certificate = unsafe SSL_get1_peer_certificate(session),
            unsafe SSL_get_verify_result(session) == Int(X509_V_OK)
        {
            subject = unsafe X509Certificate(taking: certificate).subject
        }
        return HandshakeFacts(isResumed: unsafe SSL_session_reused(session) == 1, clientCertificate: subject)
    }

    func read(into buffer: inout ByteBuffer) throws(StreamError) -> ReadOutcome {
        need = nil
        var total = 0
        // The socket does not announce what OpenSSL has already taken from it, so only a call that finds nothing ends.
        while buffer.room > 0 {
            var outcome = Outcome.end
            _ = unsafe buffer.fill { bytes in
                let room = Int32(clamping: bytes.count)
                outcome = unsafe call { unsafe SSL_read($0, bytes.baseAddress, room) }
                guard case .done(let count) = outcome else { return 0 }
                return count
            }
            switch outcome {
            case .done(let count): total += count
            case .wantsRead, .wantsWrite:
                if case .wantsWrite = outcome { need = .writable }
                hasUnread = false
                return total == 0 ? .wouldBlock : .bytes(total, mayHaveMore: false)
            case .end, .failed:
                // What came before is handled first; the next call meets the same outcome.
                hasUnread = total > 0
                if total > 0 { return .bytes(total, mayHaveMore: true) }
                if case .failed(let error) = outcome { throw error }
                return .end
            }
        }
        hasUnread = true
        return .bytes(total, mayHaveMore: true)
    }

    func write(from output: inout OutputQueue) throws(StreamError) -> Int {
        need = nil
        var total = 0
        while !output.isEmpty {
            let outcome = unsafe output.withRecord { bytes in
                unsafe call { unsafe SSL_write($0, bytes.baseAddress, Int32(bytes.count)) }
            }
            switch outcome {
            case .done(let count):
                output.remove(count)
                total += count
            case .wantsRead:
                need = .readable
                return total
            case .wantsWrite, nil: return total
            case .end: throw StreamError(code: ECONNRESET)
            case .failed(let error): throw error
            }
        }
        return total
    }

    /// Sends TLS's goodbye, so that the client knows that nothing was cut off, and then the end.
    func finishWriting() -> Bool {
        need = nil
        guard !isFinished else { return true }
        if isEstablished, case .wantsWrite = unsafe call({ unsafe SSL_shutdown($0) < 0 ? -1 : 1 }) {
            need = .writable
            return false
        }
        isFinished = true
        _ = shutdown(descriptor, Int32(SHUT_WR))
        return true
    }

    /// Calls OpenSSL, and finds out what its result means.
    private func call(_ body: (OpaquePointer) -> Int32) -> Outcome {
        guard let session = unsafe session, !hasFailed else { return .failed(StreamError(code: EPROTO)) }
        // Errors that other calls on this thread left would be taken for this call's.
        ERR_clear_error()
        let result = unsafe body(session)
        let code = errno
        if result > 0 { return .done(Int(result)) }
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: return .wantsRead
        case SSL_ERROR_WANT_WRITE: return .wantsWrite
        case SSL_ERROR_ZERO_RETURN: return .end
        case SSL_ERROR_SYSCALL:
            hasFailed = true
            return .failed(StreamError(code: code == 0 ? ECONNRESET : code))
        default:
            hasFailed = true
            return .failed(StreamError(code: EPROTO))
        }
    }
}

extension OutputQueue {
    /// The bytes of a full record.
    private static let recordBytes = 16 << 10

    /// Calls `body` with the first bytes in one piece, so that a short head and its body share a record.
    ///
    /// After a call that could not write, the next one must begin with the same bytes, and it does.
    fileprivate func withRecord<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R? {
        unsafe withVectors { vectors, count -> R in
            let first = unsafe UnsafeRawBufferPointer(start: vectors[0].iov_base, count: vectors[0].iov_len)
            guard count > 1, first.count < Self.recordBytes else {
                return unsafe body(UnsafeRawBufferPointer(rebasing: first.prefix(Self.recordBytes)))
            }
            let second = unsafe UnsafeRawBufferPointer(start: vectors[1].iov_base, count: vectors[1].iov_len)
            let record = unsafe Array(first) + second.prefix(Self.recordBytes - first.count)
            return unsafe record.withUnsafeBytes(body)
        }
    }
}
