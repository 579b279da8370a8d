/// Selects among non-negative floats by their bit patterns, whose order as signed integers is the floats' own.
enum LowerMedian {
    /// Keys that are sorted rather than narrowed further.
    private static let sortable = 24
    /// Keys whose order guides the first two pivots.
    private static let sampled = 16

    /// The rank, from 0, of the median of `count` values; of an even count the lower of the two middle values.
    static func rank(ofCount count: Int) -> Int { (count - 1) / 2 }

    /// The key of a float: its bit pattern without the sign.
    static func key(_ value: Float) -> Int32 { Int32(bitPattern: value.bitPattern & 0x7fff_ffff) }

    /// The float of a key.
    static func value(_ key: Int32) -> Float { Float(bitPattern: UInt32(bitPattern: key)) }

    /// The key of rank `rank` among `keys`.
    ///
    /// Narrows an interval that holds the key by counting keys up to a pivot, which is one vectorized loop. The first two pivots
    /// are neighbors of the rank in a small sorted sample, later ones are guessed by interpolating the values and by halving the
    /// key space in turn, so that at most 2 · 32 passes are made whatever the distribution. What remains is sorted. Ties are exact.
    ///
    /// - Parameters:
    ///   - keys: From `key(_:)`.
    ///   - rank: In 0..<keys.count.
    ///   - minimum: The smallest key.
    ///   - maximum: The largest key.
    ///   - workspace: Room for `keys.count` keys.
    /// - Returns: The key.
    static func select(
        _ keys: UnsafeBufferPointer<Int32>, rank: Int, minimum: Int32, maximum: Int32,
        workspace: UnsafeMutableBufferPointer<Int32>
    ) -> Int32 {
        var (low, high) = (minimum, maximum)
        /// Keys below `low`, and keys up to `high`: `below` <= rank < `through`.
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
    /// Keys are not negative, so differences of two do not overflow.
    private static func sign(_ value: Int32) -> Int32 {
        Int32(bitPattern: UInt32(bitPattern: value) >> 31)
    }

    /// The key of the value that lies at `share` of the way from `low` to `high`.
    private static func interpolation(low: Int32, high: Int32, share: Float) -> Int32 {
        key(value(low) + (value(high) - value(low)) * share)
    }
}
