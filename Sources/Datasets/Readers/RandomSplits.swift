internal import Randomness

/// Splits a data set at random: half of the people are tested, in both directions.
struct RandomSplits {
    /// For each person, the images by one camera and by the other.
    typealias People = [(a: [TestImage], b: [TestImage])]

    private let options: TestSet.Options

    init(_ options: TestSet.Options) {
        self.options = options
    }

    /// The two tasks of each split: half of the people (the larger half if their number is odd) are searched for, with
    /// the images of one camera as queries and those of the other as gallery, and the other way round.
    ///
    /// `people` returns the images of a split; it continues with the split's random numbers.
    func tasks(
        of count: Int, _ people: (_ chosen: [Int], _ random: inout SeededGenerator) -> People
    ) -> [RetrievalTask] {
        (0..<options.splits).flatMap { split in
            var random = SeededGenerator(seed: options.seed, split: split)
            let chosen = random.shuffled(Array(0..<count)).prefix(count - count / 2).sorted()
            let images = people(chosen, &random)
            let (a, b) = (images.flatMap(\.a), images.flatMap(\.b))
            return [
                RetrievalTask(name: "split \(split + 1), A to B", queries: a, gallery: b),
                RetrievalTask(name: "split \(split + 1), B to A", queries: b, gallery: a),
            ]
        }
    }

    /// A sentence for the notes that says how the figures were made.
    func note(_ people: Int) -> String {
        "\(people - people / 2) of \(people) people, drawn at random \(options.splits) times from seed \(options.seed); "
            + "means over both directions of each"
    }
}

extension SeededGenerator {
    /// The random numbers of one split.
    init(seed: UInt64, split: Int) {
        var first = SeededGenerator(seed: seed)
        self.init(seed: first.next() ^ UInt64(split))
    }

    /// The elements in random order, by Fisher and Yates' shuffle from the end.
    mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
        var result = elements
        for place in result.indices.dropFirst().reversed() {
            // The upper half of the product is uniform, up to a bias of place / 2⁶⁴.
            let other = Int(next().multipliedFullWidth(by: UInt64(place + 1)).high)
            result.swapAt(place, other)
        }
        return result
    }
}
