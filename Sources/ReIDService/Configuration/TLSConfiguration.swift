public import HTTP

extension Service.Configuration {
    /// The files for TLS on both listeners; without any the listeners speak in clear.
    public struct TLS: Sendable, Equatable {
        /// The server's certificate with its chain, in PEM form.
        public var certificate: String?
        /// The certificate's private key, in PEM form, readable only by its owner.
        public var key: String?
        /// The authorities of client certificates on the admin listener; nil: no client is asked for one.
        public var adminClientCA: String?

        /// No TLS.
        public init() {}

        /// The files of the query listener; nil: it speaks in clear.
        public var query: TLSFiles? {
            guard let certificate, let key else { return nil }
            return TLSFiles(certificate: certificate, key: key)
        }

        /// The files of the admin listener; nil: it speaks in clear.
        public var admin: TLSFiles? {
            guard var files = query else { return nil }
            files.clientAuthority = adminClientCA
            return files
        }

        /// Refuses a certificate without its key, a key without its certificate, and an authority without both.
        func validate() throws(ConfigurationError) {
            if certificate == nil, key != nil || adminClientCA != nil {
                throw .missingCompanion(field: key == nil ? "tls.admin_client_ca" : "tls.key", of: "tls.certificate")
            }
            if certificate != nil, key == nil { throw .missingCompanion(field: "tls.certificate", of: "tls.key") }
        }
    }
}
