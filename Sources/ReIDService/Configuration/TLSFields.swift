/// The fields of TLS.
extension ConfigurationField {
    static let tls = [
        ConfigurationField(
            "tls.certificate", .optionalPath(\.tls.certificate), default: "none: the listeners speak in clear",
            "The certificate of both listeners with its chain, a PEM file; read again on SIGHUP."),
        ConfigurationField(
            "tls.key", .optionalPath(\.tls.key), default: "none",
            "The certificate's private key, a PEM file that is not encrypted and that only its owner can read."),
        ConfigurationField(
            "tls.admin_client_ca", .optionalPath(\.tls.adminClientCA), default: "none: no certificate is asked for",
            "The authorities that client certificates on the admin listener must come from, a PEM file."),
    ]
}
