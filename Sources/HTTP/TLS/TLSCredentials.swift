internal import COpenSSL
import Glibc

/// A certificate of OpenSSL, freed on deinit.
///
/// `@unchecked Sendable`: it does not change, and OpenSSL counts its references atomically.
@safe final class X509Certificate: @unchecked Sendable {
    let pointer: OpaquePointer

    /// Takes over a certificate.
    init(taking pointer: OpaquePointer) { unsafe self.pointer = unsafe pointer }

    deinit { unsafe X509_free(pointer) }

    /// The subject as RFC 2253 writes it, with other than ASCII characters escaped.
    var subject: String {
        guard let output = unsafe BIO_new(BIO_s_mem()) else { return "" }
        defer { unsafe BIO_free(output) }
        unsafe X509_NAME_print_ex(output, X509_get_subject_name(pointer), 0, c_xn_flag_rfc2253)
        var text = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(output))
        let count = unsafe BIO_read(output, &text, Int32(text.count))
        return String(decoding: text.prefix(Int(max(0, count))), as: UTF8.self)
    }

    /// What the certificate says about itself.
    var facts: TLSCertificate {
        TLSCertificate(
            subject: subject, validFrom: unsafe Self.seconds(X509_get0_notBefore(pointer)),
            validUntil: unsafe Self.seconds(X509_get0_notAfter(pointer)))
    }

    private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int {
        var calendar = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(time, &calendar) == 1 else { return 0 }
        return unsafe timegm(&calendar)
    }
}

/// What one reading of the files gave: the server's certificates, its key, and the authorities for clients.
///
/// `@unchecked Sendable`: nothing in it changes, and OpenSSL counts references atomically.
@safe final class TLSCredentials: @unchecked Sendable {
    /// The server's certificate, then those between it and the root.
    let certificates: [X509Certificate]
    let key: OpaquePointer
    let clientAuthorities: [X509Certificate]

    /// Reads and checks the files.
    init(_ files: TLSFiles) throws(TLSError) {
        certificates = try Self.certificates(in: files.certificate)
        var authorities: [X509Certificate] = []
        if let path = files.clientAuthority { authorities = try Self.certificates(in: path) }
        clientAuthorities = authorities
        unsafe key = unsafe try Self.key(in: files.key)
        guard unsafe X509_check_private_key(certificates[0].pointer, key) == 1 else {
            throw .keyDoesNotMatch(certificate: files.certificate, key: files.key)
        }
    }

    deinit { unsafe EVP_PKEY_free(key) }

    /// The largest file that is read.
    private static let largestFile = 1 << 20

    /// All certificates in a PEM file; at least one.
    private static func certificates(in path: String) throws(TLSError) -> [X509Certificate] {
        var found: [X509Certificate] = []
        var isMalformed = false
        unsafe try withMemory(of: path, isSecret: false) { input in
            while let certificate = unsafe PEM_read_bio_X509(input, nil, nil, nil) {
                found.append(unsafe X509Certificate(taking: certificate))
            }
            // The end of the file is an error too: there is no further start line.
            isMalformed = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE
        }
        guard !found.isEmpty, !isMalformed else { throw .noCertificate(path: path) }
        return found
    }

    private static func key(in path: String) throws(TLSError) -> OpaquePointer {
        var isEncrypted = false
        var key: OpaquePointer?
        unsafe try withMemory(of: path, isSecret: true) { input in
            unsafe withUnsafeMutablePointer(to: &isEncrypted) { isEncrypted in
                // OpenSSL asks for a passphrase only if the key is encrypted; without this it would ask the terminal.
                unsafe key = unsafe PEM_read_bio_PrivateKey(
                    input, nil,
                    { _, _, _, isEncrypted in
                        unsafe isEncrypted?.storeBytes(of: true, as: Bool.self)
                        return -1
                    }, isEncrypted)
            }
        }
        guard let key = unsafe key else { throw isEncrypted ? .encryptedKey(path: path) : .noKey(path: path) }
        return unsafe key
    }

    /// Calls `body` with a file's bytes as a source for OpenSSL.
    private static func withMemory(
        of path: String, isSecret: Bool, _ body: (OpaquePointer) -> Void
    ) throws(TLSError) {
        let bytes = try contents(of: path, isSecret: isSecret)
        let isRead = unsafe bytes.withUnsafeBytes { bytes in
            guard let input = unsafe BIO_new_mem_buf(bytes.baseAddress, Int32(bytes.count)) else { return false }
            defer { unsafe BIO_free(input) }
            ERR_clear_error()
            defer { ERR_clear_error() }
            unsafe body(input)
            return true
        }
        guard isRead else { throw .refused(reason: "out of memory") }
    }

    private static func contents(of path: String, isSecret: Bool) throws(TLSError) -> [UInt8] {
        func reading<Value>(_ body: () throws(BodyFileError) -> Value) throws(TLSError) -> Value {
            do { return try body() } catch { throw .unreadable(path: path, reason: error.reason) }
        }
        let file = try reading { () throws(BodyFileError) in try OpenFile(path: path) }
        guard !isSecret || !file.isOpenToOthers else {
            throw .keyReadableByOthers(path: path, mode: file.permissions)
        }
        guard file.size <= largestFile else { throw .unreadable(path: path, reason: "it is too large") }
        return try reading { () throws(BodyFileError) in try file.bytes(in: 0..<file.size) }
    }
}
