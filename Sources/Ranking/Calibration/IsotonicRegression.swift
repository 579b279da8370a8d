#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The non-increasing step function that is nearest to the truth of pairs, in weighted squared error.
///
/// By pooling adjacent violators: neighbors whose shares of same-person pairs rise with the distance are put together, until
/// none are left (Ayer et al., "An empirical distribution function for sampling with incomplete information", 1955). Its
/// use for probabilities is from Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability
/// estimates", KDD 2002.
struct IsotonicRegression {
    /// Neighboring distances with one common probability.
    struct Block: Equatable {
        let lowest: Double
        var highest: Double
        var weight: Double
        var samePerson: Double
        /// Σ weight · distance.
        var moment: Double

        /// The share of same-person pairs, 0...1.
        var probability: Double { samePerson / weight }
        /// The mean distance, in lowest...highest.
        var center: Double { min(max(moment / weight, lowest), highest) }

        init(_ group: PairSample.Group) {
            lowest = group.distance
            highest = group.distance
            weight = group.weight
            samePerson = group.samePerson
            moment = group.weight * group.distance
        }

        /// Takes in the block that follows.
        mutating func append(_ next: Block) {
            highest = next.highest
            weight += next.weight
            samePerson += next.samePerson
            moment += next.moment
        }
    }

    /// The blocks in the order of their distances; probabilities fall from each to the next.
    let blocks: [Block]

    /// Pools groups with ascending distances; O(groups).
    init(_ groups: [PairSample.Group]) {
        var blocks: [Block] = []
        for group in groups {
            var block = Block(group)
            while let last = blocks.last, last.probability <= block.probability {
                blocks.removeLast()
                var pooled = last
                pooled.append(block)
                block = pooled
            }
            blocks.append(block)
        }
        self.blocks = blocks
    }

    /// The regression of a sample and of two pairs more, so that no probability is 0 or 1.
    ///
    /// The two are a pair of different people at the smallest distance and one of the same person at the largest, each with the
    /// mean weight of its kind. So n nearest pairs that all show the same person give n / (n + 1), as Laplace's rule would
    /// nearly, and not certainty.
    init(smoothed sample: PairSample) {
        var groups = sample.groups
        groups[0].differentPeople += sample.differentPeopleWeight / Double(sample.differentPeoplePairs)
        groups[groups.count - 1].samePerson += sample.samePersonWeight / Double(sample.samePersonPairs)
        self.init(groups)
    }

    /// The blocks as a curve of at most `count` knots: the mean distance of each and its probability; O(blocks).
    ///
    /// Neighbors are put together if their probabilities p lie in the same of `count` equal parts of arcsin √p. The parts are
    /// narrow near 0 and 1, where a small difference matters, and as wide everywhere as the sampling error of p.
    /// Knots are joined by lines, as in Oron and Flournoy, "Centered isotonic regression", 2017.
    func curve(knots count: Int = ProbabilityCurve.maximumKnots) -> ProbabilityCurve.Knots {
        var merged: [(part: Int, block: Block)] = []
        for block in blocks {
            let angle = asin(block.probability.squareRoot()) / (Double.pi / 2)
            let part = min(Int(angle * Double(count)), count - 1)
            if merged.last?.part == part {
                merged[merged.count - 1].block.append(block)
            } else {
                merged.append((part, block))
            }
        }
        return .init(falling: merged.map { ($0.block.center, $0.block.probability) })
    }
}
