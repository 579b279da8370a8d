import Foundation

@testable import HTTP

/// Certificates and keys that the openssl program makes for this run; they vanish with it.
struct TestCertificates: Sendable {
    /// The files of all tests that need nothing special.
    static let shared = Result { try TestCertificates() }

    private let folder: TemporaryFolder
    /// A certificate for 127.0.0.1 and localhost that has signed itself.
    let server: TLSFiles

    struct Failure: Error {
        let output: String
    }

    init() throws {
        folder = try TemporaryFolder()
        server = TLSFiles(certificate: folder.path + "/server.pem", key: folder.path + "/server.key")
        try makeSelfSigned("server", subject: "/CN=localhost")
    }

    func path(_ name: String) -> String { folder.path + "/" + name }

    /// Makes `name.pem` and `name.key`.
    @discardableResult
    func makeSelfSigned(_ name: String, subject: String, isAuthority: Bool = false) throws -> TLSFiles {
        var arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", subject, "-keyout", path(name + ".key"), "-out", path(name + ".pem"),
        ]
        if !isAuthority { arguments += ["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"] }
        try openssl(arguments)
        return TLSFiles(certificate: path(name + ".pem"), key: path(name + ".key"))
    }

    /// Makes `name.pem` and `name.key`, signed by `authority`, and `name.both` with certificate and key.
    func makeSigned(_ name: String, subject: String, by authority: String) throws {
        try openssl([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
            "-keyout", path(name + ".key"), "-out", path(name + ".csr"),
        ])
        try openssl([
            "x509", "-req", "-in", path(name + ".csr"), "-CA", path(authority + ".pem"), "-CAkey",
            path(authority + ".key"), "-CAcreateserial", "-days", "2", "-out", path(name + ".pem"),
        ])
        let both = try [name + ".pem", name + ".key"].map { try String(contentsOfFile: path($0), encoding: .utf8) }
        try folder.write(both.joined(), to: name + ".both")
    }

    /// Makes a certificate that is valid between two times, each such as `20200101000000Z`.
    func makeValid(_ name: String, from start: String, until end: String) throws -> TLSFiles {
        try folder.write(
            """
            [ca]
            default_ca = authority
            [authority]
            database = \(path("index"))
            serial = \(path("serial"))
            new_certs_dir = \(folder.path)
            default_md = sha256
            policy = anything
            [anything]
            commonName = supplied
            """, to: "authority.cnf")
        try folder.write("", to: "index")
        try folder.write("01", to: "serial")
        try openssl([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
            "-keyout", path(name + ".key"), "-out", path(name + ".csr"),
        ])
        try openssl([
            "ca", "-batch", "-config", path("authority.cnf"), "-selfsign", "-keyfile", path(name + ".key"), "-in",
            path(name + ".csr"), "-startdate", start, "-enddate", end, "-notext", "-out", path(name + ".pem"),
        ])
        return TLSFiles(certificate: path(name + ".pem"), key: path(name + ".key"))
    }

    func openssl(_ arguments: [String]) throws {
        let (status, output) = try run("openssl", arguments)
        guard status == 0 else { throw Failure(output: output) }
    }

    func write(_ text: String, to name: String, mode: Int = 0o600) throws {
        try folder.write(text, to: name)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path(name))
    }
}
