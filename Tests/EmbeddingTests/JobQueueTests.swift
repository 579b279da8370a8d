import Dispatch
import Foundation
import Synchronization
import Testing

@testable import Embedding

@Suite struct JobQueueTests {
    /// Passes of two images take little longer than passes of one.
    private let pairs = BatchPlan(seconds: [1: 1, 2: 1.1])

    private func job(_ value: Float) -> Job { Job(view: [value], wantsAttention: false, isCancelled: { false }) }

    @Test func `queries leave the queue before enrollment, each in order of arrival`() throws {
        let queue = JobQueue(limit: 10, plan: pairs)
        try queue.submit([job(1), job(2)], priority: .enrollment)
        try queue.submit([job(3)], priority: .query)
        let batch = try #require(queue.nextBatch())
        #expect(batch.jobs.map(\.view) == [[3], [1]] && batch.size == 2)
        let last = try #require(queue.nextBatch())
        #expect(last.jobs.map(\.view) == [[2]] && last.size == 1)
    }

    @Test func `a plan that is taken up later makes the next batches`() throws {
        let queue = JobQueue(limit: 10)
        try queue.submit((0..<5).map { job(Float($0)) }, priority: .query)
        #expect(queue.nextBatch()?.jobs.count == 1)
        queue.use(BatchPlan(seconds: [1: 1, 4: 2]))
        let batch = try #require(queue.nextBatch())
        #expect(batch.jobs.map(\.view) == [[1], [2], [3], [4]] && batch.size == 4)
    }

    @Test func `threads that sleep share the images that come, and all end when the queue stops`() throws {
        for _ in 0..<20 {
            let queue = JobQueue(limit: 10, threads: 2, plan: BatchPlan(seconds: [1: 1, 8: 1]))
            let batches = Mutex<[Int]>([])
            let ended = DispatchGroup()
            let taken = DispatchSemaphore(value: 0)
            let goOn = DispatchSemaphore(value: 0)
            for _ in 0..<2 {
                ended.enter()
                Thread {
                    while let batch = queue.nextBatch() {
                        batches.withLock { $0.append(batch.jobs.count) }
                        for job in batch.jobs { job.complete(.failure(.cancelled)) }
                        taken.signal()
                        goOn.wait()
                    }
                    ended.leave()
                }.start()
            }
            while queue.asleep < 2 { Thread.sleep(forTimeInterval: 0.001) }
            let jobs = (0..<2).map { job(Float($0)) }
            try queue.submit(jobs, priority: .query)
            for _ in 0..<2 { taken.wait() }
            #expect(batches.withLock { $0 } == [1, 1])
            queue.stop()
            queue.stop()
            for _ in 0..<2 { goOn.signal() }
            ended.wait()
            #expect(throws: EmbedderError.stopped) { try queue.submit([job(1)], priority: .query) }
        }
    }

    @Test func `a thread leaves images for those that compute, but takes no half image`() throws {
        let queue = JobQueue(
            limit: 20, threads: 2, viewsPerImage: 2, plan: BatchPlan(seconds: [1: 1.2, 2: 2.1, 4: 4, 8: 8]))
        try queue.submit((0..<12).map { job(Float($0)) }, priority: .query)
        var sizes: [Int] = []
        while queue.statistics.queued > 0, let batch = queue.nextBatch() {
            #expect(batch.jobs.count == batch.size)
            sizes.append(batch.size)
        }
        #expect(sizes == [4, 4, 2, 2])
    }

    @Test func `a pass that takes no longer for more images takes all of them`() throws {
        let queue = JobQueue(limit: 20, threads: 2, viewsPerImage: 2, plan: BatchPlan(seconds: [1: 1, 8: 1]))
        try queue.submit((0..<8).map { job(Float($0)) }, priority: .query)
        #expect(queue.nextBatch()?.jobs.count == 8)
    }

    @Test func `images that wait when the queue stops are told so`() throws {
        let queue = JobQueue(limit: 10)
        let jobs = [job(1), job(2)]
        try queue.submit(jobs, priority: .enrollment)
        #expect(queue.statistics.queued == 2)
        queue.stop()
        for job in jobs {
            #expect(throws: EmbedderError.stopped) { try job.wait().get() }
        }
        #expect(queue.nextBatch()?.jobs.count == nil)
        #expect(queue.statistics.queued == 0)
    }
}
