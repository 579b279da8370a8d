import Testing

@testable import Training

@Suite struct EpochSamplerTests {
    /// 50 images of 8 people, who have from 1 to 13 images each.
    private static let people = zip(0..<8, [6, 1, 13, 4, 9, 2, 8, 7]).flatMap { [Int](repeating: $0, count: $1) }

    private func sampler(_ people: [Int] = Self.people, batch: Int, imagesPerPerson: Int = 0, seed: UInt64 = 1)
        -> EpochSampler
    {
        EpochSampler(people: people, batch: batch, imagesPerPerson: imagesPerPerson, seed: seed)
    }

    @Test(arguments: [1, 7, 10, 50])
    func `an epoch has every image once, but for those that do not fill a batch`(batch: Int) {
        for epoch in 0..<5 {
            let batches = sampler(batch: batch).batches(epoch: epoch)
            #expect(batches.count == 50 / batch && batches.allSatisfy { $0.count == batch })
            let images = batches.flatMap { $0 }
            #expect(Set(images).count == images.count && images.allSatisfy(Self.people.indices.contains))
            #expect(Self.people.count - images.count < batch)
        }
    }

    @Test(arguments: [0, 4])
    func `seed and epoch alone decide the order`(imagesPerPerson: Int) {
        let one = sampler(batch: 8, imagesPerPerson: imagesPerPerson)
        let epochs = (0..<4).map { one.batches(epoch: $0) }
        #expect(Set(epochs).count == 4)
        // The same again, in another order.
        for epoch in [3, 0, 2, 1] { #expect(one.batches(epoch: epoch) == epochs[epoch]) }
        let other = sampler(batch: 8, imagesPerPerson: imagesPerPerson, seed: 2)
        #expect(other.batches(epoch: 0) != epochs[0])
    }

    @Test(arguments: [(8, 4), (12, 3), (16, 4), (6, 6), (16, 2)])
    func `a batch has P people with K images each`(batch: Int, perPerson: Int) {
        for epoch in 0..<5 {
            for images in sampler(batch: batch, imagesPerPerson: perPerson).batches(epoch: epoch) {
                #expect(images.count == batch)
                let groups = Dictionary(grouping: images) { Self.people[$0] }
                #expect(groups.count == batch / perPerson)
                for (person, own) in groups {
                    #expect(own.count == perPerson)
                    // Images occur twice only for people who have fewer than K images.
                    #expect(Set(own).count == min(perPerson, Self.people.count { $0 == person }))
                }
            }
        }
    }

    @Test func `a batch of people who look alike has one person and those most like them`() {
        // Person p is most like p + 1, then p + 3, p + 5, p + 2, round the circle of eight.
        let alike = (0..<8).map { person in [1, 3, 5, 2].map { (person + $0) % 8 } }
        let batches = EpochSampler(people: Self.people, batch: 8, imagesPerPerson: 2, seed: 1, alike: alike)
            .batches(epoch: 0)
        #expect(batches.count == 6)
        var anchors = Set<Int>()
        for images in batches {
            let order = stride(from: 0, to: 8, by: 2).map { Self.people[images[$0]] }
            #expect(order == [order[0]] + alike[order[0]].prefix(3))
            #expect(stride(from: 0, to: 8, by: 2).allSatisfy { Self.people[images[$0 + 1]] == Self.people[images[$0]] })
            anchors.insert(order[0])
        }
        #expect(anchors.count == 6, "people come first in a batch in turn")
    }

    @Test func `too few people who look alike leave places for others`() {
        let batches = EpochSampler(
            people: Self.people, batch: 8, imagesPerPerson: 2, seed: 1, alike: (0..<8).map { [($0 + 1) % 8] }
        ).batches(epoch: 0)
        #expect(batches.count == 6 && batches.allSatisfy { $0.count == 8 })
    }

    @Test func `everybody comes about as often in batches by person`() {
        let batches = sampler(batch: 6, imagesPerPerson: 2).batches(epoch: 0)
        var counts = [Int](repeating: 0, count: 8)
        for image in batches.flatMap({ $0 }) { counts[Self.people[image]] += 1 }
        // 8 batches of 3 people: each person appears 3 times on average.
        #expect(counts.allSatisfy { (4...8).contains($0) }, "\(counts)")
        #expect(counts.reduce(0, +) == 48)
    }

    @Test func `batches are full even with fewer people than they would have`() {
        for images in sampler([0, 0, 0, 1, 1, 1, 1, 1], batch: 8, imagesPerPerson: 2).batches(epoch: 0) {
            #expect(images.count == 8)
            #expect(Set(images.map { $0 < 3 ? 0 : 1 }).count == 2)
        }
    }
}
