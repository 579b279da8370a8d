/// Why numbers cannot be ranked or scored.
public enum RankingError: Error, Sendable, Equatable {
    /// An array has another number of axes than expected, or rows of another length.
    case wrongDimensions(expected: Int, found: Int)
    /// A feature row contains NaN or an infinity.
    case notFinite(row: Int)
    /// A re-ranking option is outside its range.
    case optionOutOfRange(name: String, value: Double, minimum: Double, maximum: Double)
    /// No query has a right answer in the gallery, so there is nothing to average.
    case noValidQuery(queries: Int)
    /// The caller asked a long computation to stop.
    case cancelled
}

extension RankingError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .wrongDimensions(let expected, let found): "an array has \(found) dimensions, \(expected) expected"
        case .notFinite(let row): "feature row \(row) contains NaN or an infinity"
        case .optionOutOfRange(let name, let value, let minimum, let maximum):
            "\(name) is \(value), but must lie in \(minimum)...\(maximum)"
        case .noValidQuery(let queries): "none of \(queries) queries has a right answer in the gallery"
        case .cancelled: "the computation was canceled"
        }
    }
}
