import Dispatch
import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

extension VectorSnapshot {
    /// The bounds that a search keeps in memory at a time: 4 bytes each.
    private static let boundsAtOnce = 1 << 24
    /// The queries that are compared with a block of rows while it lies in the processor's cache.
    private static let queriesAtOnce = 16
    private static let cores = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

    /// The `count` rows nearest to `query`, best first; of equal distances, the smaller (older) row comes first.
    ///
    /// The answer is that of `nearest(to:in:)` for a matrix of these rows, bit for bit. Most rows are excluded by what their
    /// codes prove of their distance, and are never read. Costs O(rows), about a byte and an instruction for each of
    /// 128 values; a filter makes it cheaper in proportion.
    ///
    /// - Parameters:
    ///   - query: A vector of the snapshot's dimensions.
    ///   - count: How many rows to return.
    ///   - filter: The rows that may be in the answer, over `end` rows; nil: all.
    ///   - isNormalized: Whether rows are compared without their camera's mean and scaled to length 1, as
    ///     `normalized(_:)` returns them. Then every part needs `cameras`, and the query is normalized by the caller.
    ///   - threads: How many threads work on it, with the calling one; nil: as many as there are cores.
    ///   - isCancelled: Asked every few thousand rows, by any of the threads.
    /// - Returns: `count` matches, or fewer if fewer rows are allowed.
    /// - Throws: `RankingError.cancelled`.
    public func nearest(
        to query: [Float], count: Int, where filter: RowFilter? = nil, isNormalized: Bool = false, threads: Int? = nil,
        isCancelled: @Sendable () -> Bool = { false }
    ) throws(RankingError) -> [Match] {
        try nearest(
            to: [query], count: count, where: filter, isNormalized: isNormalized, threads: threads,
            isCancelled: isCancelled)[0]
    }

    /// The same for several queries, whose answers come in their order; much cheaper than one after another, because
    /// the codes are read from memory once for many of them.
    public func nearest(
        to queries: [[Float]], count: Int, where filter: RowFilter? = nil, isNormalized: Bool = false,
        threads: Int? = nil, isCancelled: @Sendable () -> Bool = { false }
    ) throws(RankingError) -> [[Match]] {
        try nearest(
            to: queries, count: count, where: filter, isNormalized: isNormalized, threads: threads, options: .init(),
            isCancelled: isCancelled)
    }

    /// The same with options for tests.
    func nearest(
        to queries: [[Float]], count: Int, where filter: RowFilter? = nil, isNormalized: Bool = false,
        threads: Int? = nil, options: QueryScan.Options, isCancelled: @Sendable () -> Bool = { false }
    ) throws(RankingError) -> [[Match]] {
        precondition(!isNormalized || parts.allSatisfy { $0.cameras != nil }, "rows have no means to subtract")
        let plan = ScanPlan(self, where: filter)
        guard count > 0, plan.rowCount > 0 else { return queries.map { _ in [] } }
        let group = max(1, min(Self.queriesAtOnce, Self.boundsAtOnce / (64 * plan.blocks.count)))
        let threads = threads ?? Self.cores
        var found: [[Match]] = []
        for start in stride(from: 0, to: queries.count, by: group) {
            let scans = queries[start..<min(start + group, queries.count)].map {
                QueryScan(
                    $0, in: self, plan: plan, count: count, isNormalized: isNormalized, options: options)
            }
            try share(plan.units.count, among: threads, isCancelled) { unit in
                QueryScan.computeBounds(plan.units[unit], for: scans)
            }
            try share(scans.count, among: threads, isCancelled) { scans[$0].compareMostPromising() }
            try share(plan.units.count, among: threads, isCancelled) { unit in
                for scan in scans { scan.compareRest(unit) }
            }
            found += scans.map(\.matches)
        }
        return found
    }
}

/// Calls `body` with the numbers below `count`, each once, on some threads; asks `isCancelled` before each.
private func share(
    _ count: Int, among threads: Int, _ isCancelled: @Sendable () -> Bool, _ body: @Sendable (Int) -> Void
) throws(RankingError) {
    let next = Atomic(0)
    let wasCancelled = Atomic(false)
    DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { _ in
        while !wasCancelled.load(ordering: .relaxed) {
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard number < count else { return }
            guard !isCancelled() else { return wasCancelled.store(true, ordering: .relaxed) }
            body(number)
        }
    }
    guard !wasCancelled.load(ordering: .relaxed) else { throw .cancelled }
}
