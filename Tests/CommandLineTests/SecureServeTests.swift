import Foundation
import Testing

/// `reid serve` and its clients with TLS.
@Suite struct SecureServeTests {
    private let folder: TemporaryFolder
    private let model: String

    init() throws {
        folder = try TemporaryFolder()
        model = folder.path("model.safetensors")
        try SmallModel.write(to: model)
        try makeCertificate("server", subject: "/CN=first")
    }

    /// Writes `name.pem` and `name.key`.
    private func makeCertificate(_ name: String, subject: String, days: Int = 2) throws {
        let outcome = try ReidProgram.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                "\(days)", "-subj", subject, "-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
                folder.path(name + ".key"),
                "-out", folder.path(name + ".pem"),
            ], program: URL(fileURLWithPath: "/usr/bin/env"))
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    private var options: [String] {
        ["--tls-certificate", folder.path("server.pem"), "--tls-key", folder.path("server.key")]
    }

    /// The subject of the certificate that a listener shows.
    private func subject(_ address: String) throws -> String {
        let host = String(address.dropFirst("https://".count))
        let shown = try ReidProgram.run(
            ["sh", "-c", "openssl s_client -connect \(host) </dev/null 2>/dev/null | openssl x509 -noout -subject"],
            program: URL(fileURLWithPath: "/usr/bin/env"))
        return shown.output
    }

    /// In how many days the certificate of each listener expires, rounded, by the metrics.
    private func daysLeft(_ service: RunningService) throws -> [String] {
        let shown = try ReidProgram.run(
            ["--silent", "--insecure", service.query + "/metrics"], program: URL(fileURLWithPath: "/usr/bin/curl"))
        let pattern = /(?m)^reid_tls_certificate_expiry_timestamp_seconds\{listener="([a-z]+)"\} ([0-9.e+]+)$/
        return shown.output.matches(of: pattern).map { match in
            let seconds = (Double(match.2) ?? 0) - Date().timeIntervalSince1970
            return "\(match.1) \(Int((seconds / 86_400).rounded()))"
        }
    }

    @Test func `both listeners speak TLS, and the command line trusts the certificate that it is told to`() throws {
        let service = try RunningService(data: folder.path("data"), model: model, extra: options)
        #expect(service.query.hasPrefix("https://127.0.0.1:") && service.admin.hasPrefix("https://127.0.0.1:"))
        let certificate = folder.path("server.pem")
        let created = try ReidProgram.run(
            "galleries", "create", "lobby", "--admin", service.admin, "--token-file", service.tokenFile, "--ca",
            certificate)
        #expect(created.status == 0, "\(created.errors)")
        let listed = try ReidProgram.run("galleries", "list", "--query", service.query, "--ca", certificate)
        #expect(listed.status == 0 && listed.output.contains("lobby"), "\(listed.errors)")
        #expect(try service.curl("--cacert", certificate, url: service.query + "/v1/galleries/lobby").status == 200)

        let distrustful = try ReidProgram.run("galleries", "list", "--query", service.query)
        #expect(distrustful.status == 1)
        #expect(distrustful.errors.contains("not trusted") && distrustful.errors.contains("--ca"))
        let clear = try ReidProgram.run(
            "galleries", "list", "--query", service.query.replacingOccurrences(of: "https", with: "http"))
        #expect(clear.status == 1 && clear.errors.contains("speaks TLS"))
        #expect(service.terminate() == 0)
    }

    @Test func `SIGHUP reads a new certificate, and keeps the old one when the new one is bad`() throws {
        let service = try RunningService(data: folder.path("data"), model: model, extra: options)
        #expect(try subject(service.query).contains("first"))
        #expect(try daysLeft(service) == ["admin 2", "query 2"])
        try makeCertificate("server", subject: "/CN=second", days: 90)
        kill(service.process.processIdentifier, SIGHUP)
        for address in [service.query, service.admin] {
            for _ in 0..<300 where try !subject(address).contains("second") { usleep(20_000) }
            #expect(try subject(address).contains("second"))
        }
        for _ in 0..<300 where try daysLeft(service) != ["admin 90", "query 90"] { usleep(20_000) }
        #expect(try daysLeft(service) == ["admin 90", "query 90"])
        try Data("nothing".utf8).write(to: URL(fileURLWithPath: folder.path("server.pem")))
        kill(service.process.processIdentifier, SIGHUP)
        usleep(100_000)
        #expect(try subject(service.query).contains("second") && subject(service.admin).contains("second"))
        #expect(service.terminate() == 0)
    }

    @Test func `files that do not fit end with 1 and one sentence`() throws {
        try makeCertificate("other", subject: "/CN=other")
        let (certificate, key) = (folder.path("server.pem"), folder.path("server.key"))
        func fails(_ expected: String, _ arguments: String...) throws {
            let outcome = try ReidProgram.run(["serve", "--data", folder.path("data"), "--model", model] + arguments)
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            #expect(outcome.errors.contains(expected), "\(outcome.errors)")
            #expect(outcome.errors.split(separator: "\n").count == 1)
        }
        try fails("needs tls.key", "--tls-certificate", certificate)
        try fails("needs tls.certificate", "--tls-key", key)
        try fails("needs tls.certificate", "--admin-client-ca", certificate)
        try fails("does not belong", "--tls-certificate", certificate, "--tls-key", folder.path("other.key"))
        try fails("cannot be read", "--tls-certificate", folder.path("none.pem"), "--tls-key", key)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: key)
        try fails("chmod 600", "--tls-certificate", certificate, "--tls-key", key)
    }
}
