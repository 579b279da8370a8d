import HTTPTypes
import Logging

/// What a handshake found out.
struct HandshakeFacts: Equatable {
    /// Whether an earlier session goes on.
    var isResumed = false
    /// The subject of the client's certificate, which its authority has signed; nil: it showed none.
    var clientCertificate: String?
}

/// The result of an attempt to go on with a handshake.
enum HandshakeOutcome {
    case complete(HandshakeFacts)
    case waits
    /// The client speaks HTTP without TLS; the stream of the same socket in clear.
    case isClear(SocketStream)
    case failed(reason: String)
}

/// The connections of one loop whose handshakes run, in the order in which they came.
struct RunningHandshakes {
    private let limit: Int
    private var running: [Int: Connection] = [:]
    private var newest = 0
    /// No running handshake has a smaller number.
    private var oldest = 0

    init(limit: Int) { self.limit = limit }

    /// Adds a connection; returns the one that has waited longest, to be closed, if there are too many now.
    ///
    /// So handshakes that never end keep nobody out: a client that wants to go on is done before its turn comes.
    ///
    /// - Complexity: O(1), amortized.
    mutating func add(_ connection: Connection) -> Connection? {
        newest += 1
        connection.handshakeNumber = newest
        running[newest] = connection
        guard running.count > limit else { return nil }
        while running[oldest] == nil { oldest += 1 }
        return running[oldest]
    }

    /// Removes a connection whose handshake is over.
    mutating func remove(_ connection: Connection) { running[connection.handshakeNumber] = nil }
}

/// The handshake, before the first request.
extension Connection {
    /// Goes on with the handshake; returns whether requests, or a refusal, can follow.
    func shakeHands() -> Bool {
        let core = loop.core
        switch stream.handshake() {
        case .waits: return false
        case .failed(let reason):
            core.logger.debug("a TLS handshake failed", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
            core.meter.update { $0.handshakesFailed += 1 }
            close()
            return false
        case .isClear(let clear):
            core.hints.log(.clearToSecurePort, from: peer, core.logger)
            core.meter.update { $0.handshakesFailed += 1 }
            stream = clear
            establish(.init())
            refuse(HTTPProblem(.badRequest, detail: "This port speaks TLS; the address begins with https://."))
        case .complete(let facts):
            core.meter.update { counters in
                counters.handshakes += 1
                if facts.isResumed { counters.handshakesResumed += 1 }
            }
            establish(facts)
            if let refusal { refuse(refusal) }
        }
        return true
    }

    private func establish(_ facts: HandshakeFacts) {
        loop.handshakes.remove(self)
        clientCertificate = facts.clientCertificate
        phase = .head
    }

    /// Refuses a client that speaks TLS to a server that does not; false if it does not.
    func refuseTLS() -> Bool {
        guard requests == 0, !stream.isSecure, loop.input.storage[loop.input.start] == Self.handshakeRecord else {
            return false
        }
        loop.core.hints.log(.secureToClearPort, from: peer, loop.core.logger)
        refuse(HTTPProblem(.badRequest, detail: "This port does not speak TLS; the address begins with http://."))
        return true
    }

    /// The first byte of a TLS client; no request begins with it.
    private static let handshakeRecord: UInt8 = 0x16
}
