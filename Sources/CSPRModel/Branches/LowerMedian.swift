/// Finds a value of a given rank among non-negative floats, by their bit patterns: as signed integers these have the
/// same order as the floats.
enum LowerMedian {
    /// At most this many keys are sorted instead of being narrowed down further.
    private static let sortable = 24
    /// The size of the sample from which the first two pivots come.
    private static let sampled = 16

    /// The rank, from 0, of the median of `count` values; for an even count, the lower of the two middle values.
    static func rank(ofCount count: Int) -> Int { (count - 1) / 2 }

    /// The key of a float: its bit pattern without the sign.
    static func key(_ value: Float) -> Int32 { Int32(bitPattern: value.bitPattern & 0x7fff_ffff) }

    /// The float of a key.
    static func value(_ key: Int32) -> Float { Float(bitPattern: UInt32(bitPattern: key)) }

    /// The key of rank `rank` among `keys`.
    ///
    /// Narrows an interval that contains the key: it counts the keys up to a pivot, in one vectorized loop. The first
    /// two pivots are neighbors of the rank in a small sorted sample. Later pivots come alternately from interpolating
    /// the values and from halving the key space, so that any distribution needs at most 2 · 32 passes. The keys that
    /// remain are sorted. Ties are exact. Costs O(n) for typical values.
    ///
    /// - Parameters:
    ///   - keys: The keys, made by `key(_:)`.
    ///   - rank: In 0..<keys.count.
    ///   - minimum: The smallest key.
    ///   - maximum: The largest key.
    ///   - workspace: Memory for `keys.count` keys.
    /// - Returns: The key with that rank.
    static func select(
        _ keys: UnsafeBufferPointer<Int32>, rank: Int, minimum: Int32, maximum: Int32,
        workspace: UnsafeMutableBufferPointer<Int32>
    ) -> Int32 {
        var (low, high) = (minimum, maximum)
        /// The number of keys below `low`, and of keys up to `high`: `below` <= rank < `through`.
        var (below, through) = (0, keys.count)
        let seeds = unsafe seeds(keys, rank: rank, workspace: workspace)
        var passes = 0
        while low < high, through - below > sortable {
            let share = (Float(rank - below) + 0.5) / Float(through - below)
            let guess =
                switch passes {
                case 0: seeds.lower
                case 1: seeds.upper
                case let pass where pass.isMultiple(of: 2): interpolation(low: low, high: high, share: share)
                default: low + (high - low) / 2
                }
            passes += 1
            let pivot = min(max(guess, low), high - 1)
            let count = unsafe Self.count(keys, upTo: pivot)
            if count > rank {
                (high, through) = (pivot, count)
            } else {
                (low, below) = (pivot + 1, count)
            }
        }
        guard low < high else { return low }
        var kept = 0
        for index in 0..<keys.count {
            let key = unsafe keys[index]
            unsafe workspace[kept] = key
            kept &+= Int(1 &- sign((key &- low) | (high &- key)))
        }
        unsafe sort(UnsafeMutableBufferPointer(rebasing: workspace[..<kept]))
        return unsafe workspace[rank - below]
    }

    /// Two keys between which the key of rank `rank` probably lies.
    private static func seeds(
        _ keys: UnsafeBufferPointer<Int32>, rank: Int, workspace: UnsafeMutableBufferPointer<Int32>
    ) -> (lower: Int32, upper: Int32) {
        guard keys.count > 4 * sampled else { return (unsafe keys[0], unsafe keys[keys.count - 1]) }
        let stride = keys.count / sampled
        for index in 0..<sampled { unsafe workspace[index] = keys[index * stride + stride / 2] }
        unsafe sort(UnsafeMutableBufferPointer(rebasing: workspace[..<sampled]))
        let middle = rank * sampled / keys.count
        return unsafe (workspace[max(0, middle - 2)], workspace[min(sampled - 1, middle + 2)])
    }

    /// Sorts a few keys, by insertion.
    private static func sort(_ keys: UnsafeMutableBufferPointer<Int32>) {
        for index in 1..<max(1, keys.count) {
            let key = unsafe keys[index]
            var position = index
            while position > 0, unsafe keys[position - 1] > key {
                unsafe keys[position] = keys[position - 1]
                position -= 1
            }
            unsafe keys[position] = key
        }
    }

    /// The number of keys that are at most `limit`; one loop without branches, so that it is vectorized.
    static func count(_ keys: UnsafeBufferPointer<Int32>, upTo limit: Int32) -> Int {
        var count: Int32 = 0
        for index in 0..<keys.count { unsafe count &+= sign(keys[index] &- limit &- 1) }
        return Int(count)
    }

    /// 1 for a negative number, else 0.
    ///
    /// Keys are not negative, so the difference of two keys does not overflow.
    private static func sign(_ value: Int32) -> Int32 {
        Int32(bitPattern: UInt32(bitPattern: value) >> 31)
    }

    /// The key of the value at the share `share` of the way from `low` to `high`.
    private static func interpolation(low: Int32, high: Int32, share: Float) -> Int32 {
        key(value(low) + (value(high) - value(low)) * share)
    }
}
