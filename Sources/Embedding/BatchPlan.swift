/// Chooses how many images go through the network together, by the time that a forward pass of each size takes.
///
/// A pass computes as many images as it was compiled for, even if some of its places are empty. So three images take
/// one pass of four or passes of two and one, whichever is faster on this machine.
struct BatchPlan: Sendable, Equatable {
    /// Element n − 1: the sizes of the passes that compute n images in the shortest time, largest first.
    private let passes: [[Int]]

    /// The number of images in the largest pass.
    var maximum: Int { passes.count }

    /// Plans every number of images up to the largest size.
    ///
    /// best(n) = min over sizes s of seconds(s) + best(max(0, n − s)); of two plans that take equally long, the one
    /// with the smaller first pass.
    ///
    /// - Parameter seconds: The seconds of a pass, by its size; must have the size 1. A size that was measured faster
    ///   than a smaller one counts as equally fast.
    init(seconds: [Int: Double]) {
        precondition(
            seconds[1] != nil && seconds.keys.allSatisfy { $0 > 0 }, "passes of \(seconds.keys.sorted()) images")
        var sizes: [(size: Int, seconds: Double)] = []
        for (size, time) in seconds.sorted(by: { $0.key < $1.key }) {
            sizes.append((size, max(time, sizes.last?.seconds ?? 0)))
        }
        var best: [(seconds: Double, passes: [Int])] = [(0, [])]
        for count in 1...(sizes.last?.size ?? 1) {
            var choice = (seconds: Double.infinity, passes: [Int]())
            for (size, time) in sizes {
                let rest = best[max(0, count - size)]
                if time + rest.seconds < choice.seconds { choice = (time + rest.seconds, [size] + rest.passes) }
            }
            best.append((choice.seconds, choice.passes.sorted(by: >)))
        }
        passes = best.dropFirst().map(\.passes)
    }

    /// The sizes of the passes for `count` images, 1 to `maximum`; largest first.
    func passes(for count: Int) -> [Int] { passes[count - 1] }

    /// The size of the pass to run first when `count` images, 1 or more, wait.
    func firstPass(for count: Int) -> Int { passes[min(count, maximum) - 1][0] }

    /// The sizes to compile: the powers of two below `maximum`, and `maximum` itself.
    static func sizes(upTo maximum: Int) -> [Int] {
        var sizes = [maximum]
        var size = 1
        while size < maximum {
            sizes.append(size)
            size *= 2
        }
        return sizes.sorted()
    }
}
