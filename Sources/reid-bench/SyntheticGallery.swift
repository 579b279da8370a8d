internal import Ranking

/// Unit vectors in groups of about twenty, like the embeddings of people's images; the same on every machine.
struct SyntheticGallery {
    private(set) var matrix: EmbeddingMatrix
    private var state: UInt64 = 0x2545_F491_4F6C_DD1D
    private var people: [[Float]] = []

    init(dimensions: Int) {
        matrix = EmbeddingMatrix(dimensions: dimensions)
    }

    /// Adds images until there are `count`.
    mutating func grow(to count: Int) {
        while matrix.count < count { matrix.append(image()) }
    }

    /// One more vector: sometimes of a new person, else of a known one.
    mutating func image() -> [Float] {
        if people.isEmpty || next() % 20 == 0 {
            people.append((0..<matrix.dimensions).map { _ in uniform() })
        }
        let person = people[Int(next() % UInt64(people.count))]
        let values = person.map { $0 + 0.6 * uniform() }
        let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return values.map { $0 / length }
    }

    /// A random number in -1...1.
    private mutating func uniform() -> Float { Float(next() >> 40) / 8_388_608 - 1 }

    /// Marsaglia's xorshift.
    private mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}
