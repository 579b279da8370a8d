internal import COpenSSL
internal import Glibc

/// A client's non-blocking connection to loopback, in clear or under TLS; it trusts every server.
@safe final class LoadSocket {
    /// The client's settings for TLS, which also keep the session of the last connection.
    @safe final class Security {
        fileprivate let context: OpaquePointer
        /// The last session, which the next connections go on with; nil: each begins anew.
        fileprivate var session: OpaquePointer?

        init() throws {
            guard let context = unsafe SSL_CTX_new(TLS_client_method()) else {
                throw LoadError.system(call: "SSL_CTX_new", code: ENOMEM)
            }
            unsafe self.context = unsafe context
        }

        deinit {
            unsafe SSL_SESSION_free(session)
            unsafe SSL_CTX_free(context)
        }
    }

    let descriptor: Int32
    private let session: OpaquePointer?

    /// Connects to a port of loopback; the handshake of TLS is complete afterwards.
    init(port: UInt16, _ security: Security? = nil) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.descriptor = descriptor
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let code = errno
            close(descriptor)
            throw LoadError.system(call: "connect", code: code)
        }
        unsafe session = security.flatMap { unsafe SSL_new($0.context) }
        if let session = unsafe session {
            unsafe SSL_set_fd(session, descriptor)
            if let earlier = unsafe security?.session { unsafe SSL_set_session(session, earlier) }
            // From here on deinit frees both.
            guard unsafe SSL_connect(session) == 1 else {
                throw LoadError.system(call: "SSL_connect", code: EPROTO)
            }
        }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    }

    deinit {
        // OpenSSL does not go on with a session whose connection was not said to be over.
        if let session = unsafe session { unsafe SSL_set_shutdown(session, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN) }
        unsafe SSL_free(session)
        close(descriptor)
    }

    /// Lets the next connections with `security` go on with this one's session; its ticket must have come.
    func keepSession(in security: Security) {
        unsafe SSL_SESSION_free(security.session)
        unsafe security.session = unsafe session.flatMap { unsafe SSL_get1_session($0) }
    }

    /// Whether the connection went on with an earlier session.
    var isResumed: Bool { unsafe session.map { unsafe SSL_session_reused($0) == 1 } ?? false }

    /// Sends the first bytes; returns how many, 0 if none can be sent now.
    func send(_ bytes: ArraySlice<UInt8>) throws -> Int {
        try unsafe bytes.withUnsafeBytes { bytes in
            guard let session = unsafe session else {
                let count = unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                guard count >= 0 || errno == EAGAIN else { throw LoadError.system(call: "send", code: errno) }
                return max(0, count)
            }
            // One record at a time, so that a call that could not write is repeated with the same bytes.
            return try unsafe result(
                SSL_write(session, bytes.baseAddress, Int32(min(16 << 10, bytes.count))), "SSL_write")
        }
    }

    /// Receives bytes; returns how many, 0 if there are none now.
    func receive(_ buffer: inout [UInt8]) throws -> Int {
        guard let session = unsafe session else {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 || count < 0 && errno == EAGAIN else { throw LoadError.system(call: "recv", code: errno) }
            return max(0, count)
        }
        return try result(unsafe SSL_read(session, &buffer, Int32(buffer.count)), "SSL_read")
    }

    private func result(_ count: Int32, _ call: String) throws -> Int {
        if count > 0 { return Int(count) }
        let error = unsafe SSL_get_error(session, count)
        guard error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE else {
            throw LoadError.system(call: call, code: EPROTO)
        }
        return 0
    }
}
