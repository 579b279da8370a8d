import Dispatch
import Foundation
import Testing

@testable import HTTP

/// The cases of RFC 9112 through a whole connection, wherever their bytes are split.
@Suite struct RFC9112Tests {
    /// What a client saw.
    private struct Seen: Equatable {
        var statuses: [Int]
        var closes: Bool
    }

    /// Sends pieces over one connection after another of the same server.
    private final class Server {
        private let loop: EventLoop

        init() {
            loop = EventLoop(
                0, core: ServerCore(configuration: .init(), router: testRouter(), logger: quietLogger))
        }

        func reply(to pieces: [[UInt8]]) -> Seen {
            let stream = MemoryStream()
            let connection = Connection(stream: stream, loop: loop, peer: "192.0.2.1")
            return loop.queue.sync {
                loop.core.connections.enter()
                _ = loop.core.admission.enter("192.0.2.1")
                loop.adopt(connection)
                for piece in pieces where !piece.isEmpty {
                    stream.incoming.append(piece)
                    connection.turn(receives: true)
                }
                let closes = connection.isClosed || stream.isFinished
                connection.close()
                let sent = String(decoding: stream.outgoing, as: UTF8.self)
                let statuses = sent.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
                // The server says that it closes.
                let told = sent.contains("\r\nConnection: close\r\n")
                return Seen(statuses: statuses, closes: closes && told)
            }
        }
    }

    @Test(arguments: [
        RFC9112Case.parsing, RFC9112Case.requestLines, RFC9112Case.fields, RFC9112Case.bodies, RFC9112Case.codings,
        RFC9112Case.connections,
    ])
    func `each case is answered as the standard has it, wherever it is split`(cases: [RFC9112Case]) {
        let server = Server()
        for sent in cases {
            let expected = Seen(statuses: sent.statuses, closes: sent.closes)
            #expect(server.reply(to: [sent.bytes]) == expected, "\(sent)")
            // Of long messages, the places around their ends are tried.
            let count = sent.bytes.count
            for split in 1..<count where split < 300 || split > count - 100 {
                let seen = server.reply(to: [Array(sent.bytes[..<split]), Array(sent.bytes[split...])])
                if seen != expected {
                    Issue.record("\(sent) split at \(split): \(seen)")
                    break
                }
            }
            if count < 2000 {
                #expect(server.reply(to: sent.bytes.map { [$0] }) == expected, "\(sent) byte by byte")
            }
        }
    }
}
