import Foundation
import Glibc
import Testing

@testable import HTTP

/// What the files of a certificate and its key may be.
@Suite struct TLSCredentialsTests {
    private let files: TestCertificates

    init() throws { files = try TestCertificates() }

    @Test func `a certificate tells its subject and its time`() throws {
        try files.openssl([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3", "-subj",
            "/O=Example, Inc./CN=reid", "-keyout", files.path("a.key"), "-out", files.path("a.pem"),
        ])
        let certificate = try TLSContext(TLSFiles(certificate: files.path("a.pem"), key: files.path("a.key")))
            .certificate
        #expect(certificate.subject == "CN=reid,O=Example\\, Inc.")
        #expect(certificate.validUntil - certificate.validFrom == 3 * 24 * 3600)
        #expect(abs(certificate.validFrom - time(nil)) < 3600)
    }

    @Test func `only the time between its dates leaves nothing to complain about`() {
        let certificate = TLSCertificate(subject: "", validFrom: 10, validUntil: 20)
        #expect(certificate.complaint(at: 9)?.contains("not valid yet") == true)
        #expect(certificate.complaint(at: 10) == nil && certificate.complaint(at: 20) == nil)
        #expect(certificate.complaint(at: 21)?.contains("expired") == true)
    }

    @Test func `a certificate outside its time can be used, and its dates are read right`() throws {
        for (start, end, complaint) in [
            ("20200101000000Z", "20200102000000Z", "expired"), ("20900101000000Z", "20900102000000Z", "not valid yet"),
        ] {
            let context = try TLSContext(try files.makeValid("dated", from: start, until: end))
            #expect(context.certificate.validUntil - context.certificate.validFrom == 24 * 3600)
            #expect(context.certificate.complaint(at: time(nil))?.contains(complaint) == true)
        }
        #expect(
            try TLSContext(files.makeValid("old", from: "20200101000000Z", until: "20200102000000Z"))
                .certificate.validFrom == 1_577_836_800)
    }

    @Test func `certificate and key may be in one file`() throws {
        let both = try [files.server.certificate, files.server.key].map {
            try String(contentsOfFile: $0, encoding: .utf8)
        }
        try files.write(both.joined(), to: "both")
        _ = try TLSContext(TLSFiles(certificate: files.path("both"), key: files.path("both")))
    }

    @Test func `a missing file, a folder and a pipe are refused, and nothing waits`() throws {
        unsafe mkfifo(files.path("pipe"), 0o600)
        for path in [files.path("none"), files.path(""), files.path("pipe")] {
            for broken in [
                TLSFiles(certificate: path, key: files.server.key),
                TLSFiles(certificate: files.server.certificate, key: path),
                TLSFiles(certificate: files.server.certificate, key: files.server.key, clientAuthority: path),
            ] {
                let error = #expect(throws: TLSError.self) { try TLSContext(broken) }
                #expect(error?.description.contains(path) == true)
                guard case .unreadable = error else {
                    Issue.record("\(path) gave \(String(describing: error))")
                    continue
                }
            }
        }
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o610])
    func `a key that others can read is refused`(mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: files.server.key)
        #expect(throws: TLSError.keyReadableByOthers(path: files.server.key, mode: mode)) {
            try TLSContext(files.server)
        }
    }

    @Test func `what is no certificate or no key is refused`() throws {
        let certificate = try String(contentsOfFile: files.server.certificate, encoding: .utf8)
        try files.write("nothing", to: "nothing")
        try files.write(certificate + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", to: "damaged")
        for name in ["nothing", "damaged"] {
            let path = files.path(name)
            #expect(throws: TLSError.noCertificate(path: path)) {
                try TLSContext(TLSFiles(certificate: path, key: files.server.key))
            }
        }
        #expect(throws: TLSError.noKey(path: files.path("nothing"))) {
            try TLSContext(TLSFiles(certificate: files.server.certificate, key: files.path("nothing")))
        }
        let swapped = TLSFiles(certificate: files.server.key, key: files.server.key)
        #expect(throws: TLSError.noCertificate(path: files.server.key)) { try TLSContext(swapped) }
    }

    @Test func `another certificate's key is refused`() throws {
        let other = try files.makeSelfSigned("other", subject: "/CN=other")
        #expect(throws: TLSError.keyDoesNotMatch(certificate: files.server.certificate, key: other.key)) {
            try TLSContext(TLSFiles(certificate: files.server.certificate, key: other.key))
        }
    }

    @Test(arguments: ["pkcs8", "ec"])
    func `an encrypted key is refused without a question`(form: String) throws {
        let path = files.path("encrypted")
        try files.openssl(
            [form, "-in", files.server.key, "-out", path] + (form == "ec" ? ["-aes128"] : ["-topk8"])
                + ["-passout", "pass:secret"])
        #expect(throws: TLSError.encryptedKey(path: path)) {
            try TLSContext(TLSFiles(certificate: files.server.certificate, key: path))
        }
    }

    @Test func `a key too short to be safe is refused`() throws {
        try files.openssl([
            "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-days", "2", "-subj", "/CN=short", "-keyout",
            files.path("short.key"), "-out", files.path("short.pem"),
        ])
        let error = #expect(throws: TLSError.self) {
            try TLSContext(TLSFiles(certificate: files.path("short.pem"), key: files.path("short.key")))
        }
        guard case .refused(let reason) = error else {
            throw TestCertificates.Failure(output: "\(String(describing: error))")
        }
        #expect(reason.contains("too small"))
    }
}
