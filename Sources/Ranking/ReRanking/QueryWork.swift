/// The neighbor lists of a pool of one query (item 0) and rows (row r is item r + 1).
protocol QueryNeighborLists: NeighborLists {
    /// The query's squared distance to every row.
    var original: [Double] { get }
    /// Whether an item of `isMeeting` may be among the first k₂ of a row's list; a quick test that is never wrong when it
    /// says no.
    func mayAverage(_ row: Int, _ isMeeting: [Bool], k2: Int) -> Bool
}

/// The work for one query; looks only at images whose encodings can share an image with the query's encoding.
struct QueryWork<Lists: QueryNeighborLists> {
    private let lists: Lists
    private let options: ReRanking
    private var encoder: ReciprocalEncoder<Lists>

    init(lists: Lists, options: ReRanking) {
        self.lists = lists
        self.options = options
        encoder = ReciprocalEncoder(lists: lists, options: options)
    }

    /// d* of every gallery row.
    mutating func finalDistances(isCancelled: () -> Bool) throws(RankingError) -> [Double] {
        guard lists.count > 1 else { return [] }
        var scratch = [Double](repeating: 0, count: lists.count)
        for member in encoder.averaged(0) {
            guard !isCancelled() else { throw .cancelled }
            _ = encoder.encoding(member)
        }
        let query = encoder.meanEncoding(0, scratch: &scratch)
        let farthest = lists.farthest(from: 0)
        let scale = farthest > 0 ? 1 / farthest : 0
        // An image whose encoding shares no image with the query's encoding has J = 1.
        var result = lists.original.map { options.finalDistance(jaccard: 1, original: $0 * scale) }
        let meeting = try itemsMeeting(query.items, isCancelled: isCancelled)
        var isMeeting = [Bool](repeating: false, count: lists.count)
        for item in meeting { isMeeting[item] = true }
        for row in lists.original.indices where lists.mayAverage(row, isMeeting, k2: options.k2) {
            let members = encoder.averaged(row + 1)
            var touched = false
            for member in members where isMeeting[member] {
                guard !isCancelled() else { throw .cancelled }
                touched = true
                let encoding = encoder.encoding(member)
                for (item, weight) in zip(encoding.items, encoding.weights) { scratch[item] += weight }
            }
            guard touched else { continue }
            var common = 0.0
            for (item, weight) in zip(query.items, query.weights) {
                common += min(weight, scratch[item] / Double(members.count))
            }
            for member in members where isMeeting[member] {
                for item in encoder.encoding(member).items { scratch[item] = 0 }
            }
            result[row] = options.finalDistance(
                jaccard: jaccardDistance(common), original: lists.original[row] * scale)
        }
        return result
    }

    /// The images h whose R*(h) contains an image of `support`.
    ///
    /// R is symmetric: j in R(i, k) exactly when i in R(j, k). So l in R*(h) means h in R(l, k₁), or h in R(c, k₁) for some c in
    /// R(l, k₁ / 2) that h accepts; no inverted index is needed.
    private mutating func itemsMeeting(
        _ support: [Int], isCancelled: () -> Bool
    ) throws(RankingError) -> Set<Int> {
        var meeting: Set<Int> = []
        var carriers: Set<Int> = []
        for item in support {
            guard !isCancelled() else { throw .cancelled }
            meeting.formUnion(encoder.reciprocal(item))
            carriers.formUnion(encoder.halfReciprocal(item))
        }
        for carrier in carriers {
            guard !isCancelled() else { throw .cancelled }
            for item in encoder.reciprocal(carrier) where !meeting.contains(item) {
                if encoder.accepts(carrier, into: item) { meeting.insert(item) }
            }
        }
        return meeting
    }
}
