extension Range<Int> {
    /// Finds the place where a condition ends; O(log count).
    ///
    /// - Parameter isBefore: True for the numbers up to some place, false from there on.
    /// - Returns: The first number for which `isBefore` is false, or `upperBound` if there is none.
    @inlinable
    package func bisected(_ isBefore: (Int) -> Bool) -> Int {
        var (low, high) = (lowerBound, upperBound)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
