internal import ArgumentParser
internal import Ranking

/// k1, k2 and λ, shared by every command that re-ranks.
struct ReRankingOptions: ParsableArguments {
    @Option(help: "Neighbors that must be reciprocal, 1...100; default: 20 (search: the service's default).")
    var k1: Int?

    @Option(
        help: "Neighbors averaged by the local query expansion, 1...100; default: 6 (search: the service's default).")
    var k2: Int?

    @Option(
        name: .customLong("lambda"),
        help: "Share of the original distance, 0...1; default: 0.3 (search: the service's default).")
    var lambda: Double?

    func validate() throws { _ = try reRanking() }

    /// The options; absent ones take the paper's values.
    func reRanking() throws -> ReRanking {
        let standard = ReRanking.standard
        do {
            return try ReRanking(k1: k1 ?? standard.k1, k2: k2 ?? standard.k2, lambda: lambda ?? standard.lambda)
        } catch {
            // The error's first word is the option's name.
            throw ValidationError("--\(error)")
        }
    }
}
