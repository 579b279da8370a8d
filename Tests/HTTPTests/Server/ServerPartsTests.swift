import Dispatch
import Foundation
import Glibc
import HTTPTypes
import Synchronization
import Testing

@testable import HTTP

@Suite struct ServerConfigurationTests {
    @Test func `the defaults are those of the design`() {
        let configuration = HTTPServer.Configuration()
        #expect(configuration.headBytes == 16384 && configuration.headerCount == 100)
        #expect(
            configuration.idleSeconds == 60 && configuration.headSeconds == 10 && configuration.bodyStallSeconds == 30)
        #expect(configuration.connections == 4096 && configuration.connectionsPerAddress == 2048)
        #expect(configuration.bodyBytes == 16 << 30 && configuration.bodyMemoryThreshold == 1 << 20)
    }

    @Test func `values that make no sense are refused`() {
        let changes: [(inout HTTPServer.Configuration) -> Void] = [
            { $0.loops = 0 }, { $0.workers = 0 }, { $0.backlog = -1 }, { $0.searches = 0 }, { $0.searchBacklog = -1 },
            { $0.held = -1 }, { $0.refusals = -1 },
            { $0.idleSeconds = 0 },
            { $0.headSeconds = -.infinity },
            { $0.bodyStallSeconds = .nan }, { $0.readAheadBytes = 100 }, { $0.spoolFolder = "/nonexistent" },
        ]
        for change in changes {
            var configuration = HTTPServer.Configuration()
            change(&configuration)
            let server = HTTPServer(configuration: configuration, router: Router(), logger: quietLogger)
            #expect(throws: ServerError.self) { try server.start(address: "127.0.0.1:0") }
        }
    }
}

@Suite struct SpoolTests {
    @Test func `a full disk is a 507`() throws {
        let writer = SpoolWriter(path: "/dev/full", flags: O_WRONLY)
        // The writer must not remove the device.
        writer.finish().disown()
        let error = #expect(throws: BodyFileError.self) { try writer.write([1]) }
        #expect(error?.isDiskFull == true)
        #expect(error.map { HTTPProblem.spooling($0).status.code } == 507)
    }

    @Test func `a spooled file goes with its last reference, unless it was moved`() throws {
        let folder = try TemporaryFolder()
        let writer = SpoolWriter(folder: folder.path)
        try writer.write([1, 2])
        try writer.write([3])
        #expect(folder.names.count == 1)
        var file: SpooledFile? = writer.finish()
        #expect(try RequestBody.file(try #require(file)).bytes(limit: 3) == [1, 2, 3])
        #expect(throws: HTTPProblem.contentTooLarge(limit: 2)) {
            try RequestBody.file(try #require(file)).bytes(limit: 2)
        }
        file = nil
        #expect(folder.names.isEmpty)

        let second = SpoolWriter(folder: folder.path)
        try second.write([4])
        var kept: SpooledFile? = second.finish()
        try kept?.moved(to: folder.path + "/kept")
        kept = nil
        #expect(folder.names == ["kept"])
        #expect(try OpenFile(path: folder.path + "/kept").bytes(in: 0..<1) == [4])
    }

    @Test func `a file that cannot be moved says why and stays to be removed`() throws {
        let folder = try TemporaryFolder()
        let writer = SpoolWriter(folder: folder.path)
        try writer.write([1])
        let file = writer.finish()
        #expect(throws: BodyFileError.system(call: "rename", path: folder.path + "/no/where", code: ENOENT)) {
            try file.moved(to: folder.path + "/no/where")
        }
        #expect(folder.names.count == 1)
    }

    @Test func `an abandoned writer leaves nothing`() throws {
        let folder = try TemporaryFolder()
        do {
            let writer = SpoolWriter(folder: folder.path)
            try writer.write([1])
            #expect(folder.names.count == 1)
        }
        #expect(folder.names.isEmpty)
    }

    @Test func `what a killed process left is removed, and nothing else`() throws {
        let folder = try TemporaryFolder()
        try folder.write("x", to: "body-1")
        try folder.write("x", to: "mine")
        try SpooledFile.removeLeftovers(in: folder.path)
        #expect(folder.names == ["mine"])
        #expect(throws: BodyFileError.self) { try SpooledFile.removeLeftovers(in: folder.path + "/none") }
    }

    @Test func `what is no regular file is not opened`() throws {
        for path in ["/dev/null", "/"] {
            #expect(throws: BodyFileError.notRegular(path: path)) { try OpenFile(path: path) }
        }
        #expect(throws: BodyFileError.system(call: "open", path: "/nonexistent", code: ENOENT)) {
            try OpenFile(path: "/nonexistent")
        }
    }
}

@Suite struct WorkerPoolTests {
    @Test func `no more than width run at once, and all that is admitted runs`() throws {
        let pool = WorkerPool(width: 3, backlog: 100)
        let state = Mutex((running: 0, most: 0, done: 0))
        for _ in 0..<60 {
            try pool.submit {
                state.withLock { state in
                    state.running += 1
                    state.most = max(state.most, state.running)
                }
                usleep(1000)
                state.withLock { state in
                    state.running -= 1
                    state.done += 1
                }
            }
        }
        #expect(eventually { state.withLock { $0.done } == 60 })
        #expect(state.withLock { $0.most } <= 3)
        #expect(eventually { pool.busy == 0 && pool.waiting == 0 })
    }

    @Test func `work beyond the backlog is refused, and a resumed piece is not`() throws {
        let pool = WorkerPool(width: 1, backlog: 1)
        let release = Signal()
        let done = Mutex(0)
        try pool.submit { #expect(release.wait()) }
        try pool.submit { done.withLock { $0 += 1 } }
        #expect(throws: Overloaded.self) { try pool.submit {} }
        pool.resume { done.withLock { $0 += 1 } }
        release.raise()
        #expect(eventually { done.withLock { $0 } == 2 })
    }
}

@Suite struct CancellationTests {
    @Test func `what is cancelled stays so`() {
        let cancellation = Cancellation()
        #expect(!cancellation.isCancelled)
        cancellation.cancel()
        cancellation.cancel()
        #expect(cancellation.isCancelled)
    }
}

@Suite struct BufferTests {
    @Test func `output is joined, sent in pieces and accounted for`() {
        var output = OutputQueue()
        var expected: [UInt8] = []
        for size in [1, 10, 5000, 3, 0, 4096, 4097, 20_000, 7] {
            let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &+ size) }
            output.append(piece)
            expected += piece
        }
        while !output.isEmpty {
            #expect(output.count == expected.count && output.bytes == expected)
            let step = min(output.count, 1777)
            output.remove(step)
            expected.removeFirst(step)
        }
        #expect(expected.isEmpty)
    }

    @Test func `a receive buffer keeps what is not consumed`() {
        var buffer = ByteBuffer(capacity: 8)
        buffer.append([1, 2, 3, 4, 5])
        buffer.consume(3)
        #expect(buffer.room == 6)
        buffer.append([6, 7, 8, 9, 10, 11])
        #expect(buffer.bytes == [4, 5, 6, 7, 8, 9, 10, 11] && buffer.room == 0)
        buffer.consume(8)
        #expect(buffer.isEmpty && buffer.start == 0)
    }
}
