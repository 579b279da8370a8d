import Dispatch
import HTTPTypes
import Testing

@testable import HTTP

/// The deadlines of a connection, on a clock that the tests set.
@Suite struct ConnectionClockTests {
    /// One connection in one phase, with a clock of its own.
    private final class Watched {
        let memory: MemoryConnection
        private var clock = ConnectionClock()
        private(set) var seconds = 0.0

        init() {
            var configuration = HTTPServer.Configuration()
            configuration.idleSeconds = 1_000_000
            memory = MemoryConnection(configuration: configuration)
        }

        private var now: UInt64 { nanoseconds(seconds) }
        private(set) var verdict: ConnectionClock.Verdict?

        /// A connection that waits for a body.
        func awaitsBody() -> Self {
            memory.receive([Array("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000000\r\n\r\n".utf8)])
            return self
        }

        /// A connection whose client has taken nothing of its reply.
        func sendsReply() -> Self {
            memory.loop.queue.sync { memory.stream.capacity = 0 }
            memory.receive([Array("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n".utf8)])
            return self
        }

        /// Lets time pass, and then bytes; false once a deadline has passed.
        func passes(_ step: Double, received: Int = 0, sent: Int = 0) -> Bool {
            memory.loop.queue.sync {
                if seconds == 0 { clock.settle(memory.connection, now: now) }
                seconds += step
                verdict = clock.verdict(now: now)
                clock.received += received
                clock.sent += sent
                clock.settle(memory.connection, now: now)
            }
            return verdict == nil
        }
    }

    /// The status of a refusal.
    private func status(_ verdict: ConnectionClock.Verdict?) -> Int? {
        if case .refuse(let problem) = verdict { problem.status.code } else { nil }
    }

    @Test func `a body that is just above a stall is refused for its rate`() {
        let upload = Watched().awaitsBody()
        while upload.seconds < 600, upload.passes(29, received: 1100) {}
        #expect(upload.seconds == 58)
        #expect(status(upload.verdict) == 408)
    }

    @Test(arguments: [1.0, 7, 29])
    func `a body at the least rate may take hours`(step: Double) {
        let upload = Watched().awaitsBody()
        let bytes = 256 * Int(step)
        #expect((0..<1000).allSatisfy { _ in upload.passes(step, received: max(bytes, 1024)) })
    }

    @Test func `a body that came fast may be slow later, as far as its average allows`() {
        let upload = Watched().awaitsBody()
        #expect(upload.passes(1, received: 256 * 300))
        while upload.seconds < 3600, upload.passes(29, received: 1100) {}
        #expect(upload.seconds > 300 && upload.seconds < 420)
        #expect(status(upload.verdict) == 408)
    }

    @Test func `the time in which the disk writes a body is not the client's`() throws {
        let upload = Watched().awaitsBody()
        #expect(upload.passes(20, received: 2000))
        let phase = upload.memory.loop.queue.sync { upload.memory.connection.phase }
        guard case .body(let reader, let exchange) = phase else {
            Issue.record("no body is read")
            return
        }
        upload.memory.loop.queue.sync { upload.memory.connection.phase = .spooling(reader, exchange) }
        #expect(upload.passes(0.1) && upload.passes(600))
        upload.memory.loop.queue.sync { upload.memory.connection.phase = phase }
        #expect(upload.passes(0.1) && upload.passes(10, received: 2000))
        while upload.seconds < 1200, upload.passes(5, received: 1024) {}
        #expect(upload.seconds > 640 && upload.seconds < 700)
        #expect(status(upload.verdict) == 408)
    }

    @Test func `a reader that is just above a stall is cut off for its rate`() {
        let reader = Watched().sendsReply()
        while reader.seconds < 600, reader.passes(29, sent: 1100) {}
        #expect(reader.seconds == 58)
        guard case .close = reader.verdict else {
            Issue.record("the connection is not closed")
            return
        }
        let steady = Watched().sendsReply()
        #expect((0..<1000).allSatisfy { _ in steady.passes(4, sent: 1024) })
    }

    @Test func `a reader that has taken everything starts anew`() {
        let reader = Watched().sendsReply()
        for _ in 0..<20 {
            #expect(reader.passes(20, sent: 2000))
            reader.memory.loop.queue.sync {
                reader.memory.stream.capacity = .max
                reader.memory.connection.turn(receives: false)
            }
            #expect(reader.passes(0.1))
            _ = reader.sendsReply()
            #expect(reader.passes(0.1))
        }
    }
}
