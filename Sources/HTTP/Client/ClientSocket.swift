internal import COpenSSL
import Glibc

/// The client's end of a connection, in clear or under TLS; its calls never block longer than a moment.
@safe final class ClientSocket {
    /// The certificates of the authorities that a server's certificate must come from.
    enum Trust {
        case system
        case file(String)
        case anyone
    }

    private let descriptor: Int32
    private var context: OpaquePointer?
    private var session: OpaquePointer?
    /// What the last call waits for, as `poll` takes it.
    private var events = Int16(POLLIN)
    /// Whether the server has said that nothing follows.
    private(set) var hasGoodbye = false

    /// Connects to the first address of `host` that is allowed and answers.
    ///
    /// `wait` is called again and again while the connection is not made, and throws to give up.
    init(
        host: String, port: UInt16, allows: (_ address: String) -> Bool, wait: () throws(HTTPClientError) -> Void
    ) throws(HTTPClientError) {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(host, "\(port)", &hints, &found) == 0 else { throw .unknownHost(host) }
        defer { unsafe freeaddrinfo(found) }
        var failure = HTTPClientError.unknownHost(host)
        var next = unsafe found
        while let address = unsafe next?.pointee {
            unsafe next = unsafe address.ai_next
            guard unsafe allows(Self.text(of: address)) else {
                failure = .forbidden(host: host)
                continue
            }
            do {
                descriptor = unsafe try Self.connect(address, wait)
                return
            } catch {
                if error == .cancelled { throw error }
                failure = error
            }
        }
        throw failure
    }

    /// The address without its port.
    private static func text(of address: addrinfo) -> String {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let size = socklen_t(host.count)
        _ = unsafe getnameinfo(address.ai_addr, address.ai_addrlen, &host, size, nil, 0, NI_NUMERICHOST)
        return String(decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        unsafe SSL_free(session)
        unsafe SSL_CTX_free(context)
        close(descriptor)
    }

    private static func connect(
        _ address: addrinfo, _ wait: () throws(HTTPClientError) -> Void
    ) throws(HTTPClientError) -> Int32 {
        let descriptor = unsafe socket(address.ai_family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw .system(call: "socket", code: errno) }
        setNonBlocking(descriptor)
        do throws(HTTPClientError) {
            if unsafe Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) != 0, errno != EINPROGRESS {
                throw .system(call: "connect", code: errno)
            }
            while !ready(descriptor, Int16(POLLOUT)) { try wait() }
            var code: Int32 = 0
            var length = socklen_t(MemoryLayout<Int32>.size)
            unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
            guard code == 0 else { throw .system(call: "connect", code: code) }
            return descriptor
        } catch {
            close(descriptor)
            throw error
        }
    }

    /// Waits a moment for any of `events`; false if none came.
    private static func ready(_ descriptor: Int32, _ events: Int16) -> Bool {
        var watched = pollfd(fd: descriptor, events: events, revents: 0)
        return unsafe poll(&watched, 1, 100) > 0
    }

    /// Waits a moment for what the last call lacked, or also until more can be received; false if nothing came.
    func isReady(orReadable: Bool = false) -> Bool {
        Self.ready(descriptor, events | (orReadable ? Int16(POLLIN) : 0))
    }

    /// Sets up TLS; the certificate must be `host`'s, an address or a name.
    ///
    /// `check` is called whenever something has moved, and throws to give up.
    func secure(
        host: String, trust: Trust, check: () throws(HTTPClientError) -> Void,
        wait: () throws(HTTPClientError) -> Void
    ) throws(HTTPClientError) {
        ERR_clear_error()
        unsafe context = SSL_CTX_new(TLS_client_method())
        guard let context = unsafe context else { throw .tls(reason: "out of memory") }
        _ = unsafe c_ssl_ctx_set_versions(context, TLS1_2_VERSION, TLS1_3_VERSION)
        unsafe c_ssl_ctx_set_mode(context, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER))
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        switch trust {
        case .anyone: unsafe SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
        case .system: _ = unsafe SSL_CTX_set_default_verify_paths(context)
        case .file(let path):
            guard unsafe SSL_CTX_load_verify_file(context, path) == 1 else { throw .unusableAuthorities(path: path) }
            // A certificate in the file is trusted, whether or not it has signed itself.
            unsafe X509_STORE_set_flags(SSL_CTX_get_cert_store(context), UInt(X509_V_FLAG_PARTIAL_CHAIN))
        }
        unsafe session = SSL_new(context)
        guard let session = unsafe session, unsafe SSL_set_fd(session, descriptor) == 1 else {
            throw .tls(reason: "out of memory")
        }
        if unsafe X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) != 1 {
            guard unsafe SSL_set1_host(session, host) == 1, unsafe c_ssl_set_server_name(session, host) == 1 else {
                throw .tls(reason: "\(host) is not a host")
            }
        }
        while true {
            ERR_clear_error()
            let result = unsafe SSL_connect(session)
            if result == 1 { return }
            guard isWaiting(result) else { throw unsafe failure(session) }
            if isReady() { try check() } else { try wait() }
        }
    }

    private func failure(_ session: OpaquePointer) -> HTTPClientError {
        let verdict = unsafe SSL_get_verify_result(session)
        guard verdict != Int(X509_V_OK) else {
            return ERR_peek_last_error() == 0 ? .cutShort : .tls(reason: opensslReason())
        }
        return .untrusted(reason: unsafe String(cString: X509_verify_cert_error_string(verdict)))
    }

    /// Whether a call of OpenSSL only has to wait; notes for what.
    private func isWaiting(_ result: Int32) -> Bool {
        switch unsafe SSL_get_error(session, result) {
        case SSL_ERROR_WANT_READ: events = Int16(POLLIN)
        case SSL_ERROR_WANT_WRITE: events = Int16(POLLOUT)
        default: return false
        }
        return true
    }

    /// Sends the first bytes; returns how many, 0 if none can be sent now, and nil if the server takes no more.
    ///
    /// After 0 the next call must begin with the same bytes.
    func send(_ bytes: ArraySlice<UInt8>) -> Int? {
        events = Int16(POLLOUT)
        return unsafe bytes.withUnsafeBytes { bytes in
            guard let session = unsafe session else {
                let count = unsafe Glibc.send(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL))
                return count >= 0 ? count : errno == EAGAIN || errno == EINTR ? 0 : nil
            }
            ERR_clear_error()
            let count = unsafe SSL_write(session, bytes.baseAddress, Int32(bytes.count))
            return count > 0 ? Int(count) : isWaiting(count) ? 0 : nil
        }
    }

    /// Receives bytes into `buffer`; returns how many, 0 if there are none now, and nil at the end.
    func receive(_ buffer: inout [UInt8]) -> Int? {
        events = Int16(POLLIN)
        guard let session = unsafe session else {
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            hasGoodbye = count == 0
            return count > 0 ? count : count < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : nil
        }
        ERR_clear_error()
        let count = unsafe SSL_read(session, &buffer, Int32(buffer.count))
        if count > 0 { return Int(count) }
        if isWaiting(count) { return 0 }
        hasGoodbye = unsafe SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0
        return nil
    }
}
