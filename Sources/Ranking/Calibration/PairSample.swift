/// One result of a ranking whose truth is known: its distance to the query, and whether both show the same person.
public struct CalibrationPair: Sendable, Equatable {
    /// The distances that can be calibrated: all that a float32 can hold.
    public static let distances = -Double(Float.greatestFiniteMagnitude)...Double(Float.greatestFiniteMagnitude)
    /// The weights that a pair can have.
    public static let weights = 1e-12...1e12

    /// The distance as the ranking reports it; smaller is more similar.
    public let distance: Double
    /// Whether the two images show the same person.
    public let isSamePerson: Bool
    /// How many results the pair stands for.
    public let weight: Double

    /// Joins a distance with its truth.
    public init(distance: Double, isSamePerson: Bool, weight: Double = 1) {
        self.distance = distance
        self.isSamePerson = isSamePerson
        self.weight = weight
    }
}

/// Pairs of both kinds, in the order of their distances: what a curve is fitted to, or checked on.
///
/// Pairs with equal distances are added up, because a function of the distance cannot tell them apart.
public struct PairSample: Sendable, Equatable {
    /// The pairs that have one distance.
    struct Group: Equatable {
        let distance: Double
        /// The weights of the pairs that show the same person.
        var samePerson = 0.0
        /// The weights of the pairs that show different people.
        var differentPeople = 0.0

        /// The weights of all pairs, above 0.
        var weight: Double { samePerson + differentPeople }
    }

    /// The number of pairs that show the same person, at least 1.
    public let samePersonPairs: Int
    /// The number of pairs that show different people, at least 1.
    public let differentPeoplePairs: Int
    /// The number of people whom the queries show and who have a right answer.
    public let people: Int
    /// The number of query images.
    public let images: Int
    /// Ascending by distance, at least one.
    let groups: [Group]
    /// The weights of the pairs that show the same person, above 0.
    let samePersonWeight: Double
    /// The weights of the pairs that show different people, above 0.
    let differentPeopleWeight: Double

    /// The number of pairs.
    public var pairs: Int { samePersonPairs + differentPeoplePairs }
    /// The weights of all pairs.
    var weight: Double { samePersonWeight + differentPeopleWeight }

    /// Sorts the pairs, which may come in any order; O(n log n).
    ///
    /// - Parameters:
    ///   - pairs: The pairs; the same pairs in another order make the same sample, bit for bit.
    ///   - people: The number of people whom the queries show and who have a right answer.
    ///   - images: The number of query images.
    /// - Throws: `CalibrationError.invalidPair`, or `.oneKind` if not both kinds are there.
    public init(_ pairs: [CalibrationPair], people: Int, images: Int) throws(CalibrationError) {
        if let bad = pairs.firstIndex(where: {
            !(CalibrationPair.distances ~= $0.distance && CalibrationPair.weights ~= $0.weight)
        }) {
            throw .invalidPair(place: bad)
        }
        samePersonPairs = pairs.count { $0.isSamePerson }
        differentPeoplePairs = pairs.count - samePersonPairs
        guard samePersonPairs > 0, differentPeoplePairs > 0 else {
            throw .oneKind(samePerson: samePersonPairs, differentPeople: differentPeoplePairs)
        }
        self.people = people
        self.images = images
        var groups: [Group] = []
        for pair in pairs.sorted(by: { $0.place < $1.place }) {
            if groups.last?.distance != pair.distance {
                groups.append(Group(distance: pair.distance))
            }
            if pair.isSamePerson {
                groups[groups.count - 1].samePerson += pair.weight
            } else {
                groups[groups.count - 1].differentPeople += pair.weight
            }
        }
        self.groups = groups
        samePersonWeight = groups.reduce(0) { $0 + $1.samePerson }
        differentPeopleWeight = groups.reduce(0) { $0 + $1.differentPeople }
    }
}

extension CalibrationPair {
    /// What pairs are sorted by: all that they hold, so that sums do not depend on the order in which they came.
    fileprivate var place: (Double, Int, Double) { (distance, isSamePerson ? 0 : 1, weight) }
}
