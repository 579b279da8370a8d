import HTTP
import Testing

@testable import ReIDService

/// Which files of TLS fit together.
@Suite struct TLSConfigurationTests {
    @Test func `a certificate and its key serve both listeners, and the authority only the admin listener`() throws {
        var configuration = Service.Configuration()
        #expect(configuration.tls.query == nil && configuration.tls.admin == nil)
        configuration.tls.certificate = "c"
        configuration.tls.key = "k"
        try configuration.validate()
        #expect(configuration.tls.query == TLSFiles(certificate: "c", key: "k"))
        #expect(configuration.tls.admin == configuration.tls.query)
        configuration.tls.adminClientCA = "a"
        try configuration.validate()
        #expect(configuration.tls.query?.clientAuthority == nil)
        #expect(configuration.tls.admin == TLSFiles(certificate: "c", key: "k", clientAuthority: "a"))
    }

    @Test func `one file without the other is refused by name`() {
        let cases: [((inout Service.Configuration.TLS) -> Void, String, String)] = [
            ({ $0.certificate = "c" }, "tls.certificate", "tls.key"),
            ({ $0.key = "k" }, "tls.key", "tls.certificate"),
            ({ $0.adminClientCA = "a" }, "tls.admin_client_ca", "tls.certificate"),
            ({ ($0.certificate, $0.adminClientCA) = ("c", "a") }, "tls.certificate", "tls.key"),
        ]
        for (change, field, other) in cases {
            var configuration = Service.Configuration()
            change(&configuration.tls)
            #expect(throws: ConfigurationError.missingCompanion(field: field, of: other)) {
                try configuration.validate()
            }
        }
    }
}
