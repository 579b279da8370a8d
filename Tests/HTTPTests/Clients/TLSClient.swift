import COpenSSL
import Glibc

/// The client's side of TLS on a blocking socket; OpenSSL without the server's code.
@safe final class TLSClient {
    struct Options {
        /// The most recent version that the client speaks.
        var version = TLS1_3_VERSION
        /// The file that holds the client's certificate and its key.
        var certificate: String?
    }

    private let context: OpaquePointer
    private let session: OpaquePointer

    init(_ descriptor: Int32, _ options: Options) throws(ClientError) {
        guard let context = unsafe SSL_CTX_new(TLS_client_method()) else { throw .cannotConnect(ENOMEM) }
        unsafe self.context = unsafe context
        _ = unsafe c_ssl_ctx_set_versions(context, TLS1_2_VERSION, options.version)
        if let path = options.certificate {
            guard unsafe SSL_CTX_use_certificate_chain_file(context, path) == 1,
                unsafe SSL_CTX_use_PrivateKey_file(context, path, SSL_FILETYPE_PEM) == 1
            else {
                unsafe SSL_CTX_free(context)
                throw .cannotConnect(EINVAL)
            }
        }
        guard let session = unsafe SSL_new(context) else {
            unsafe SSL_CTX_free(context)
            throw .cannotConnect(ENOMEM)
        }
        unsafe self.session = unsafe session
        unsafe SSL_set_fd(session, descriptor)
        ERR_clear_error()
        guard unsafe SSL_connect(session) == 1 else { throw .cannotConnect(EPROTO) }
    }

    deinit {
        unsafe SSL_free(session)
        unsafe SSL_CTX_free(context)
    }

    func send(_ bytes: [UInt8]) throws(ClientError) {
        guard !bytes.isEmpty else { return }
        ERR_clear_error()
        guard unsafe SSL_write(session, bytes, Int32(bytes.count)) == Int32(bytes.count) else {
            throw .cannotSend(EPROTO)
        }
    }

    /// Receives bytes; 0 at the end or after a failure, and -1 when nothing came in time.
    func receive(_ buffer: inout [UInt8]) -> Int {
        ERR_clear_error()
        let count = unsafe SSL_read(session, &buffer, Int32(buffer.count))
        if count > 0 { return Int(count) }
        guard unsafe SSL_get_error(session, count) == SSL_ERROR_WANT_READ else { return 0 }
        errno = EAGAIN
        return -1
    }

    /// Says that nothing follows.
    func finish() {
        ERR_clear_error()
        _ = unsafe SSL_shutdown(session)
    }

    /// Whether the server has said that nothing follows.
    var hasGoodbye: Bool { unsafe SSL_get_shutdown(session) & SSL_RECEIVED_SHUTDOWN != 0 }

    /// The subject of the server's certificate.
    var serverName: String {
        guard let certificate = unsafe SSL_get1_peer_certificate(session) else { return "" }
        defer { unsafe X509_free(certificate) }
        var text = [CChar](repeating: 0, count: 200)
        _ = unsafe X509_NAME_oneline(X509_get_subject_name(certificate), &text, 200)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
