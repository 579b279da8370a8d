import Randomness
import Testing

/// Numbers that a program in Python, written after the paper, draws from the same seeds.
@Suite struct SeededGeneratorTests {
    private func numbers(_ count: Int, of generator: SeededGenerator) -> [UInt64] {
        var generator = generator
        return (0..<count).map { _ in generator.next() }
    }

    @Test func `numbers are those of SplitMix64`() {
        #expect(
            numbers(5, of: SeededGenerator(seed: 1_234_567)) == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
                4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
            ])
    }

    @Test func `a path has numbers of its own, the same on every machine`() {
        #expect(numbers(2, of: SeededGenerator(9, 3, -2)) == [0xBBDF_C279_1321_D687, 0xC001_466D_9A87_56D])
        #expect(numbers(3, of: SeededGenerator(9)) == numbers(3, of: SeededGenerator(seed: 9)))
    }

    @Test func `a path has a seed of its own, the same on every machine`() {
        #expect(SeededGenerator.seed(1, [3, 17, -1]) == 0xE18E_E1A1_E608_D727)
        #expect(SeededGenerator.seed(5, []) == 5)
    }
}
