internal import NeuralNetwork

/// Which images make up the batches of an epoch: a function of the seed and the epoch alone.
struct EpochSampler {
    /// The person of each image.
    let people: [Int]
    /// Images of a batch.
    let batch: Int
    /// Images of the same person in a batch; 0 draws images at random.
    let imagesPerPerson: Int
    let seed: UInt64

    /// The number of batches of every epoch; what does not fill one is left for another epoch's order.
    var batchCount: Int { people.count / batch }

    /// The images of every batch.
    func batches(epoch: Int) -> [[Int]] {
        imagesPerPerson > 0 ? grouped(epoch: epoch) : shuffled(epoch: epoch)
    }

    private func shuffled(epoch: Int) -> [[Int]] {
        var random = SeededGenerator(seed, epoch, 1)
        let order = people.indices.shuffled(using: &random)
        return (0..<batchCount).map { Array(order[$0 * batch..<($0 + 1) * batch]) }
    }

    /// P people with K images each: people in turn, each one's images in turn, both in random order.
    private func grouped(epoch: Int) -> [[Int]] {
        var random = SeededGenerator(seed, epoch, 2)
        var decks: [Int: [Int]] = [:]
        for (image, person) in people.enumerated() { decks[person, default: []].append(image) }
        let names = decks.keys.sorted()
        for name in names { decks[name]?.shuffle(using: &random) }
        var cursors: [Int: Int] = [:]
        var line: [Int] = []
        return (0..<batchCount).map { _ in
            var batch: [Int] = []
            var used = Set<Int>()
            while batch.count < self.batch {
                // A person comes twice into a batch only where there are not enough people for it.
                if line.isEmpty || (used.count < names.count && line.allSatisfy(used.contains)) {
                    line += names.shuffled(using: &random)
                }
                let place = line.firstIndex { !used.contains($0) } ?? 0
                let person = line.remove(at: place)
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
