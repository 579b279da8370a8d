internal import COpenSSL

/// OpenSSL's settings for new connections: the certificate, and what the server accepts.
///
/// Every one has its own random keys for session tickets, so its tickets die with it.
///
/// `@unchecked Sendable`: it does not change after `init`, and OpenSSL counts its references atomically.
@safe final class TLSSettings: @unchecked Sendable {
    /// The ciphers of TLS 1.2 that give forward secrecy and authenticate what they encrypt; those of TLS 1.3 all do.
    static let ciphers =
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
        + "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
    /// The groups of the key exchange.
    static let groups = "X25519:P-256:P-384"
    /// The seconds for which a session can be resumed.
    static let sessionSeconds = 2 * 60 * 60
    /// The most certificates between a client's and its authority's.
    static let clientChain: Int32 = 4

    let credentials: TLSCredentials
    private let context: OpaquePointer

    init(_ credentials: TLSCredentials) throws(TLSError) {
        self.credentials = credentials
        guard let context = unsafe SSL_CTX_new(TLS_server_method()) else { throw .refused(reason: "out of memory") }
        unsafe self.context = unsafe context
        ERR_clear_error()
        try require(unsafe c_ssl_ctx_set_versions(context, TLS1_2_VERSION, TLS1_3_VERSION))
        try require(unsafe SSL_CTX_set_cipher_list(context, Self.ciphers))
        try require(unsafe c_ssl_ctx_set_groups(context, Self.groups))
        // HTTP says itself where a request ends, so the end of a connection without a TLS goodbye hides nothing.
        unsafe SSL_CTX_set_options(
            context,
            c_ssl_op_no_renegotiation | c_ssl_op_no_compression | c_ssl_op_cipher_server_preference
                | c_ssl_op_ignore_unexpected_eof)
        unsafe c_ssl_ctx_set_mode(
            context,
            Int(
                SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
                    | SSL_MODE_NO_AUTO_CHAIN))
        unsafe c_ssl_ctx_set_read_ahead(context, 1)
        unsafe SSL_CTX_set_max_early_data(context, 0)
        unsafe SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nil)
        try resumeSessions()
        try identify()
        try askClients()
    }

    deinit { unsafe SSL_CTX_free(context) }

    /// A new connection's state, which the caller frees; nil if there is no memory.
    func session() -> OpaquePointer? { unsafe SSL_new(context) }

    /// Keeps sessions in tickets that the client holds, so that the server keeps nothing.
    private func resumeSessions() throws(TLSError) {
        unsafe c_ssl_ctx_set_session_cache_mode(context, Int(SSL_SESS_CACHE_OFF))
        unsafe SSL_CTX_set_timeout(context, Self.sessionSeconds)
        try require(unsafe SSL_CTX_set_num_tickets(context, 1))
        // Sessions of clients with certificates are refused without a name.
        let name = Array("reid".utf8)
        try require(unsafe SSL_CTX_set_session_id_context(context, name, UInt32(name.count)))
    }

    private func identify() throws(TLSError) {
        try require(unsafe SSL_CTX_use_certificate(context, credentials.certificates[0].pointer))
        for certificate in credentials.certificates.dropFirst() {
            try require(unsafe c_ssl_ctx_add_chain_certificate(context, certificate.pointer))
        }
        try require(unsafe SSL_CTX_use_PrivateKey(context, credentials.key))
    }

    /// Asks clients for certificates, if there are authorities; a client may show none, but no other.
    private func askClients() throws(TLSError) {
        guard !credentials.clientAuthorities.isEmpty else { return }
        unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        unsafe SSL_CTX_set_verify_depth(context, Self.clientChain)
        for authority in credentials.clientAuthorities {
            try require(unsafe X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.pointer))
            try require(unsafe SSL_CTX_add_client_CA(context, authority.pointer))
        }
    }

    private func require(_ result: Int32) throws(TLSError) {
        guard result == 1 else { throw .refused(reason: opensslReason()) }
    }
}

/// The reason of OpenSSL's last error on this thread.
func opensslReason() -> String {
    guard let reason = unsafe ERR_reason_error_string(ERR_peek_last_error()) else { return "unknown" }
    return unsafe String(cString: reason)
}

/// Chooses HTTP/1.1, or else 1.0, from the protocols that a client offers, and refuses a client that offers only others
/// (RFC 7301).
private func chooseProtocol(
    _: OpaquePointer?, chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, length: UnsafeMutablePointer<UInt8>?,
    offered: UnsafePointer<UInt8>?, count: UInt32, _: UnsafeMutableRawPointer?
) -> Int32 {
    let offers = unsafe UnsafeBufferPointer(start: offered, count: Int(count))
    for name in ["http/1.1", "http/1.0"] {
        var start = 0
        while start < offers.count {
            let end = start + 1 + Int(unsafe offers[start])
            guard end <= offers.count else { break }
            if unsafe offers[(start + 1)..<end].elementsEqual(name.utf8) {
                unsafe chosen?.pointee = unsafe offered.map { unsafe $0 + start + 1 }
                unsafe length?.pointee = UInt8(end - start - 1)
                return SSL_TLSEXT_ERR_OK
            }
            start = end
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL
}
