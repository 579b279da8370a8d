import Synchronization
import Testing

@testable import HTTP

/// What lies between the clients and the servers of a test.
enum Transport: CaseIterable {
    case clear
    case tls

    /// The transport of the running test's servers.
    @TaskLocal static var current = Transport.clear

    /// The transport of each server by its address, since a test's clients may run on threads without its task.
    private static let servers = Mutex<[String: Transport]>([:])

    /// Notes that the server at `address` uses this transport.
    func register(_ address: String) { Self.servers.withLock { $0[address] = self } }

    static func of(_ address: String) -> Transport { servers.withLock { $0[address] ?? .clear } }

    var scheme: String { self == .tls ? "https" : "http" }

    /// What curl needs to know.
    var curlOptions: [String] {
        guard self == .tls, let path = try? TestCertificates.shared.get().server.certificate else { return [] }
        return ["--cacert", path]
    }
}

/// Runs each test of a suite once with servers in clear, and once under TLS.
struct OverBothStreams: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        for transport in Transport.allCases {
            try await Transport.$current.withValue(transport) { try await function() }
        }
    }
}

extension Trait where Self == OverBothStreams {
    /// Each test runs in clear and under TLS.
    static var overBothStreams: Self { Self() }
}
