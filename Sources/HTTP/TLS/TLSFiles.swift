/// The files with a server's certificate and key, in PEM form.
public struct TLSFiles: Sendable, Equatable {
    /// The server's certificate, followed by those of the authorities between it and the root.
    public var certificate: String
    /// The certificate's private key, not encrypted.
    public var key: String
    /// The certificates of authorities that clients' certificates must come from; nil: no client is asked for one.
    public var clientAuthority: String?

    /// Names the files.
    public init(certificate: String, key: String, clientAuthority: String? = nil) {
        self.certificate = certificate
        self.key = key
        self.clientAuthority = clientAuthority
    }
}

/// What a certificate says about itself.
public struct TLSCertificate: Sendable, Equatable {
    /// The subject, as RFC 2253 writes it: `CN=reid.example,O=Example`.
    public let subject: String
    /// When the certificate becomes valid, in seconds since 1970.
    public let validFrom: Int
    /// When the certificate expires, in seconds since 1970.
    public let validUntil: Int

    /// What is wrong with using it at a time in seconds since 1970, as the end of a sentence; nil: nothing.
    public func complaint(at time: Int) -> String? {
        if time < validFrom { return "the TLS certificate is not valid yet" }
        if time > validUntil { return "the TLS certificate has expired" }
        return nil
    }
}
