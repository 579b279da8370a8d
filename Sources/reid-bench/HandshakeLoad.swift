internal import Dispatch
internal import Foundation
internal import HTTP
internal import Synchronization

/// Clients that connect to a server with TLS, one connection after the other.
struct HandshakeLoad {
    private let port: UInt16

    init(address: String) throws {
        guard let port = address.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw LoadError.unexpectedReply(address)
        }
        self.port = port
    }

    /// Lets each of `clients` threads set up `count` connections; `resumed`: each goes on with the first one's session.
    func run(clients: Int, each count: Int, resumed: Bool) throws {
        let failure = Mutex<(any Error)?>(nil)
        DispatchQueue.concurrentPerform(iterations: clients) { _ in
            do {
                let security = try LoadSocket.Security()
                if resumed { try keepSession(in: security) }
                for _ in 0..<count {
                    let socket = try LoadSocket(port: port, security)
                    guard socket.isResumed == resumed else {
                        throw LoadError.unexpectedReply("the session was \(resumed ? "not " : "")resumed")
                    }
                }
            } catch {
                failure.withLock { $0 = error }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// Makes a connection and waits for an answer, before which its ticket comes.
    private func keepSession(in security: LoadSocket.Security) throws {
        let socket = try LoadSocket(port: port, security)
        _ = try socket.send(Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)[...])
        var buffer = [UInt8](repeating: 0, count: 4096)
        while try socket.receive(&buffer) == 0 { Thread.sleep(forTimeInterval: 0.001) }
        socket.keepSession(in: security)
    }
}

/// A certificate that the openssl program makes.
struct BenchCertificate {
    private let folder = NSTemporaryDirectory() + "reid-bench-" + UUID().uuidString
    var files: TLSFiles { TLSFiles(certificate: folder + "/certificate.pem", key: folder + "/key.pem") }

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
            "-keyout", files.key, "-out", files.certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw LoadError.unexpectedReply("openssl made no certificate") }
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
