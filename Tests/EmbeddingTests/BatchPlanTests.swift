import Randomness
import Testing

@testable import Embedding

@Suite struct BatchPlanTests {
    /// The least time for `count` images, by trying every sequence of passes.
    private static func leastTime(for count: Int, _ seconds: [Int: Double]) -> Double {
        if count <= 0 { return 0 }
        return seconds.map { $0.value + leastTime(for: count - $0.key, seconds) }.min() ?? .infinity
    }

    @Test(arguments: 0..<40)
    func `no sequence of passes is faster than the plan`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        // From passes that are hardly cheaper for several images to passes that cost nearly the same; a larger pass
        // never takes less time.
        var seconds: [Int: Double] = [:]
        var time = 0.0
        for size in BatchPlan.sizes(upTo: [8, 5, 3, 1][Int(seed % 4)]) {
            time += Double.random(in: 0...Double(size), using: &generator)
            seconds[size] = time + 0.1
        }
        let plan = BatchPlan(seconds: seconds)
        for count in 1...plan.maximum {
            let passes = plan.passes(for: count)
            let total = passes.reduce(0) { $0 + (seconds[$1] ?? .infinity) }
            #expect(passes.reduce(0, +) >= count)
            #expect(passes == passes.sorted(by: >))
            #expect(abs(total - Self.leastTime(for: count, seconds)) < 1e-9)
            #expect(plan.firstPass(for: count) == passes[0])
        }
    }

    @Test func `three images take one pass of four where that is faster, else two and one`() {
        #expect(BatchPlan(seconds: [1: 10, 2: 19, 4: 28]).passes(for: 3) == [4])
        #expect(BatchPlan(seconds: [1: 10, 2: 19, 4: 36]).passes(for: 3) == [2, 1])
    }

    @Test func `more images than the largest pass takes begin with the pass for as many as it takes`() {
        let plan = BatchPlan(seconds: [1: 10, 2: 19, 4: 50])
        #expect(plan.maximum == 4)
        #expect(plan.firstPass(for: 100) == 2)
    }

    @Test func `a size that was measured faster than a smaller one is not used for fewer images`() {
        #expect(BatchPlan(seconds: [1: 10, 2: 9, 4: 9.5]).passes(for: 1) == [1])
    }

    @Test func `sizes are powers of two up to the largest`() {
        #expect(BatchPlan.sizes(upTo: 1) == [1])
        #expect(BatchPlan.sizes(upTo: 8) == [1, 2, 4, 8])
        #expect(BatchPlan.sizes(upTo: 6) == [1, 2, 4, 6])
    }
}
