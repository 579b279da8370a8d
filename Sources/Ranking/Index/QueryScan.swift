internal import CDistance
import Distances
import Synchronization

/// The search for the rows nearest to one query: bounds of all rows, a first threshold, then a look at the rows that pass.
///
/// Units of the plan may be worked on by any thread, each by one.
///
/// Unchecked Sendable: the memory of the bounds is written by the thread that works on its block, and the steps follow
/// each other.
@safe final class QueryScan: @unchecked Sendable {
    /// How a search is done; only tests change anything.
    struct Options: Sendable {
        /// The instruction set.
        var kernel = CodeKernel.best
        /// The share of the errors that bounds count, see `CodedQuery`.
        var errorShare = 1.0
        /// Whether bounds are used even where comparing all rows costs less.
        var usesBoundsAlways = false
    }

    /// The codes that are read of a part, and the query for them.
    @safe private struct Look {
        let query: CodedQuery
        let rows: c_coded_rows
        /// The cameras' constants; nil for a search among the rows as they are.
        let constants: CameraConstants?
    }

    private let snapshot: VectorSnapshot
    private let plan: ScanPlan
    private let isNormalized: Bool
    private let options: Options
    private let query: [Double]
    /// For each part, what is read of all rows, and what of those that pass; nil if all rows are compared exactly.
    private let looks: [(coarse: Look, fine: Look?)]?
    /// A bound for each row of each block, and the largest of each block.
    private let bounds: UnsafeMutablePointer<Float>
    private let largest: UnsafeMutablePointer<Float>
    private let best: Mutex<SmallestHeap<Match>>
    /// The bits of a distance beyond which a row cannot be among the nearest.
    private let limit = Atomic(Double.infinity.bitPattern)

    /// Prepares a search for `count` rows, at least 1.
    init(
        _ query: [Float], in snapshot: VectorSnapshot, plan: ScanPlan, count: Int, isNormalized: Bool, options: Options
    ) {
        precondition(
            query.count == snapshot.dimensions, "a query of \(query.count) for rows of \(snapshot.dimensions)")
        self.snapshot = snapshot
        self.plan = plan
        self.isNormalized = isNormalized
        self.options = options
        self.query = query.map(Double.init)
        best = Mutex(SmallestHeap(capacity: min(count, plan.rowCount)))
        // With so many answers most rows are looked at anyway.
        looks =
            options.usesBoundsAlways || count <= plan.rowCount / 8
            ? Self.looks(query, in: snapshot, isNormalized: isNormalized, share: options.errorShare) : nil
        let blocks = looks == nil ? 0 : plan.blocks.count
        unsafe bounds = .allocate(capacity: 64 * blocks)
        unsafe largest = .allocate(capacity: blocks)
    }

    deinit {
        unsafe bounds.deallocate()
        unsafe largest.deallocate()
    }

    /// The rows found, best first.
    var matches: [Match] { best.withLock { $0.sorted() } }

    /// Computes the bounds of blocks of one part for searches that have the same plan.
    static func computeBounds(_ blocks: Range<Int>, for scans: [QueryScan]) {
        guard let scan = scans.first(where: { $0.looks != nil }), let first = blocks.first else { return }
        let blocksOfPlan = scan.plan.blocks
        let part = Int(blocksOfPlan[first].part)
        guard let rows = unsafe scan.looks?[part].coarse.rows else { return }
        let queries = unsafe scans.compactMap { scan in
            unsafe scan.looks.map { looks in
                unsafe c_block_query(
                    query: looks[part].coarse.query.raw, cameras: scan.cameras(looks[part].coarse, of: part),
                    bounds: scan.bounds, largest: scan.largest)
            }
        }
        let kernel = scan.options.kernel.raw
        unsafe scan.plan.listedRows.withUnsafeBufferPointer { listed in
            for number in blocks {
                let block = blocksOfPlan[number]
                if block.isListed, let list = listed.baseAddress {
                    let start = Int(block.first)
                    unsafe c_listed_block_bounds(
                        kernel, rows, queries, queries.count, list + start, block.allowed.nonzeroBitCount,
                        scan.plan.listedEnd(of: blocks) - start, number)
                } else {
                    unsafe c_block_bounds(
                        kernel, rows, queries, queries.count, Int(block.first), block.allowed, number)
                }
            }
        }
    }

    /// Compares the rows with the largest bounds, so that there is a threshold for the others.
    func compareMostPromising() {
        guard looks != nil else { return }
        let count = best.withLock { $0.capacity }
        // At least as many bounds as there are blocks here are not below the least of these blocks' largest.
        var tops = SmallestHeap<Promising>(capacity: 2 * count)
        for block in plan.blocks.indices { tops.insert(unsafe Promising(bound: largest[block], place: block)) }
        let least = tops.isFull ? tops.largest?.bound : nil
        var promising = SmallestHeap<Promising>(capacity: 2 * count)
        for block in plan.blocks.indices where unsafe largest[block] >= least ?? -.infinity {
            forEachBit(of: unsafe c_at_least(bounds + 64 * block, least ?? -.greatestFiniteMagnitude)) { index in
                let place = 64 * block + index
                promising.insert(unsafe Promising(bound: bounds[place], place: place))
            }
        }
        var (rows, part): ([UInt32], UInt32) = ([], 0)
        for place in promising.unordered.map(\.place).sorted() {
            let block = plan.blocks[place / 64]
            if block.part != part {
                compare(rows, of: Int(part))
                (rows, part) = ([], block.part)
            }
            rows.append(plan.row(place % 64, of: block))
            unsafe bounds[place] = -.infinity
        }
        compare(rows, of: Int(part))
    }

    /// Compares the rows of a unit whose bounds do not exclude them.
    func compareRest(_ unit: Int) {
        let blocks = plan.units[unit]
        let part = Int(plan.blocks[blocks.lowerBound].part)
        var rows: [UInt32] = []
        guard let look = looks?[part] else {
            for block in blocks { append(plan.blocks[block].allowed, of: plan.blocks[block], to: &rows) }
            return compare(rows, of: part)
        }
        let least = leastBound(look.coarse)
        for block in blocks where unsafe largest[block] >= least {
            append(unsafe c_at_least(bounds + 64 * block, least), of: plan.blocks[block], to: &rows)
        }
        if let fine = look.fine, !rows.isEmpty { keepPromising(&rows, fine, of: part) }
        compare(rows, of: part)
    }

    /// Removes the rows that the codes of whole rows exclude.
    private func keepPromising(_ rows: inout [UInt32], _ look: Look, of part: Int) {
        var bounds = [Float](repeating: 0, count: rows.count)
        unsafe c_listed_bounds(
            options.kernel.raw, look.rows, look.query.raw, cameras(look, of: part), rows, rows.count, &bounds)
        let least = leastBound(look)
        var kept = 0
        for index in rows.indices where bounds[index] >= least {
            rows[kept] = rows[index]
            kept += 1
        }
        rows.removeLast(rows.count - kept)
    }

    /// Computes the distances of rows of a part, and keeps the nearest.
    private func compare(_ rows: [UInt32], of number: Int) {
        guard !rows.isEmpty else { return }
        let part = snapshot.parts[number]
        let dimensions = snapshot.dimensions
        var distances = [Double](repeating: 0, count: rows.count)
        if isNormalized, let cameras = part.cameras {
            var normalized = [Float](repeating: 0, count: dimensions)
            for (index, row) in rows.enumerated() {
                let place = Int(row)
                unsafe cameras.table.normalize(
                    part.segment.rows + place * dimensions, mean: Int(cameras.means[place]), to: &normalized)
                unsafe squaredDistances(
                    from: query, to: normalized, count: 1, dimensions: dimensions, into: &distances[index])
            }
        } else {
            unsafe c_listed_squared_distances(query, part.segment.rows, rows, rows.count, dimensions, &distances)
        }
        let limit = Double(bitPattern: limit.load(ordering: .relaxed))
        let found = rows.indices.filter { distances[$0] <= limit }
        guard !found.isEmpty else { return }
        best.withLock { best in
            for index in found {
                best.insert(Match(row: part.first + Int(rows[index]), distance: Float(distances[index])))
            }
            // A row that is nearer than the next larger float32 may round to the same distance, and come first.
            guard best.isFull, let farthest = best.largest?.distance else { return }
            self.limit.store(Double(farthest.nextUp).bitPattern, ordering: .relaxed)
        }
    }

    /// The least bound with which a row is looked at; above what rows have that are not allowed.
    private func leastBound(_ look: Look) -> Float {
        max(
            look.query.leastBound(Double(bitPattern: limit.load(ordering: .relaxed))), -.greatestFiniteMagnitude)
    }

    private func cameras(_ look: Look, of part: Int) -> c_row_cameras {
        guard isNormalized, let cameras = snapshot.parts[part].cameras, let constants = look.constants else {
            return unsafe c_row_cameras()
        }
        return unsafe cameras.raw(constants.values)
    }

    private func append(_ bits: UInt64, of block: ScanPlan.Block, to rows: inout [UInt32]) {
        forEachBit(of: bits) { rows.append(plan.row($0, of: block)) }
    }

    /// What is read of each part; nil if the query cannot be coded.
    private static func looks(
        _ query: [Float], in snapshot: VectorSnapshot, isNormalized: Bool, share: Double
    ) -> [(coarse: Look, fine: Look?)]? {
        let wide = query.map(Double.init)
        let squared = unsafe squaredLength(query, dimensions: query.count)
        let coded = CodedQuery(
            head: wide, squaredLength: squared, tail: 0, defect: 0, isNormalized: isNormalized, share: share)
        guard let coded else { return nil }
        var heads: [ObjectIdentifier: CodedQuery] = [:]
        var constants: [[ObjectIdentifier]: CameraConstants] = [:]
        func look(_ coded: CodedQuery, _ rows: c_coded_rows, _ part: VectorSnapshot.Part) -> Look {
            guard isNormalized, let table = part.cameras?.table else {
                return unsafe Look(query: coded, rows: rows, constants: nil)
            }
            let key = [ObjectIdentifier(coded), ObjectIdentifier(table)]
            let known =
                constants[key]
                ?? CameraConstants(
                    table.wide.map { mean in
                        coded.constant(
                            product: zip(wide, mean).reduce(0) { $0 + $1.0 * $1.1 },
                            squaredMean: mean.reduce(0) { $0 + $1 * $1 })
                    })
            constants[key] = known
            return unsafe Look(query: coded, rows: rows, constants: known)
        }
        var looks: [(coarse: Look, fine: Look?)] = []
        for part in snapshot.parts {
            let whole = unsafe look(coded, part.segment.coded, part)
            guard let codes = part.heads else {
                looks.append((whole, nil))
                continue
            }
            let rotation = codes.rotation
            if heads[ObjectIdentifier(rotation)] == nil {
                let head = unsafe rotation.heads(of: query, count: 1)
                heads[ObjectIdentifier(rotation)] = CodedQuery(
                    head: head, squaredLength: squared, tail: rotation.tail(squaredLength: squared, head: head),
                    defect: rotation.defect, isNormalized: isNormalized, share: share)
            }
            guard let head = heads[ObjectIdentifier(rotation)] else { return nil }
            looks.append((unsafe look(head, codes.coded(part.segment), part), whole))
        }
        return looks
    }
}

/// A row's place among the bounds, by its bound: the largest comes first.
private struct Promising: Comparable {
    let bound: Float
    let place: Int

    static func < (left: Promising, right: Promising) -> Bool { left.bound > right.bound }
}

/// The cameras' constants of a query, in memory that stays where it is.
///
/// Unchecked Sendable: nothing changes after `init`.
@safe private final class CameraConstants: @unchecked Sendable {
    let values: UnsafeMutablePointer<Float>

    init(_ constants: [Float]) {
        unsafe values = .allocate(capacity: constants.count)
        for (index, constant) in constants.enumerated() { unsafe values[index] = constant }
    }

    deinit { unsafe values.deallocate() }
}
