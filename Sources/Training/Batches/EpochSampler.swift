internal import Randomness

/// Chooses the images of the batches of an epoch; depends only on the seed, the epoch and who looks alike.
struct EpochSampler {
    /// The person of each image.
    let people: [Int]
    /// The number of images in a batch.
    let batch: Int
    /// The number of images of the same person in a batch; 0 draws images at random.
    let imagesPerPerson: Int
    let seed: UInt64
    /// Element p: the people who look most like person p, most alike first.
    ///
    /// If given, a batch has one person and the first of these, instead of people at random.
    var alike: [[Int]]?

    /// The number of batches in an epoch; images that do not fill a batch are left out, and each epoch leaves out
    /// others.
    var batchCount: Int { people.count / batch }

    /// For each batch, the indices of its images.
    func batches(epoch: Int) -> [[Int]] {
        imagesPerPerson > 0 ? grouped(epoch: epoch) : shuffled(epoch: epoch)
    }

    private func shuffled(epoch: Int) -> [[Int]] {
        var random = SeededGenerator(seed: SeededGenerator.seed(seed, [epoch, 1]))
        let order = people.indices.shuffled(using: &random)
        return (0..<batchCount).map { Array(order[$0 * batch..<($0 + 1) * batch]) }
    }

    /// Batches of P people with K images each: goes through the people in random order, and through each person's
    /// images in random order.
    ///
    /// If it is known who looks alike, each person brings P − 1 others into their own batch.
    private func grouped(epoch: Int) -> [[Int]] {
        var random = SeededGenerator(seed: SeededGenerator.seed(seed, [epoch, 2]))
        var decks: [Int: [Int]] = [:]
        for (image, person) in people.enumerated() { decks[person, default: []].append(image) }
        let names = decks.keys.sorted()
        for name in names { decks[name]?.shuffle(using: &random) }
        var cursors: [Int: Int] = [:]
        var line: [Int] = []
        return (0..<batchCount).map { _ in
            var batch: [Int] = []
            var used = Set<Int>()
            var brought: [Int] = []
            while batch.count < self.batch {
                // A person appears twice in a batch only if there are not enough people.
                if line.isEmpty || (used.count < names.count && line.allSatisfy(used.contains)) {
                    line += names.shuffled(using: &random)
                }
                let person: Int
                if brought.isEmpty {
                    let place = line.firstIndex { !used.contains($0) } ?? 0
                    person = line.remove(at: place)
                    brought = alike.map { Array($0[person].prefix(self.batch / imagesPerPerson - 1)) } ?? []
                } else {
                    person = brought.removeFirst()
                }
                used.insert(person)
                let deck = decks[person] ?? []
                for _ in 0..<imagesPerPerson {
                    let cursor = cursors[person, default: 0]
                    batch.append(deck[cursor % deck.count])
                    cursors[person] = cursor + 1
                }
            }
            return batch
        }
    }
}
