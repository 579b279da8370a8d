/// Why distances cannot be turned into probabilities.
public enum CalibrationError: Error, Sendable, Equatable {
    /// Only `people` people have labeled images from two cameras; `needed` more are needed.
    case tooFewLabels(people: Int, needed: Int)
    /// All labeled images come from one camera, so that nobody is seen by two.
    case oneCamera
    /// A pair has a distance or a weight outside `CalibrationPair.distances` or `CalibrationPair.weights`, such as NaN.
    case invalidPair(place: Int)
    /// All pairs show the same person, or all show different people, or there are none: one of the numbers is 0.
    case oneKind(samePerson: Int, differentPeople: Int)
    /// The caller asked to stop.
    case cancelled
}

extension CalibrationError: CustomStringConvertible {
    /// What went wrong, in one sentence for a log or a terminal.
    public var description: String {
        switch self {
        case .tooFewLabels(let people, let needed):
            "people with labeled images from two cameras: \(people); \(needed) more are needed"
        case .oneCamera: "all labeled images come from one camera, two are needed"
        case .invalidPair(let place): "pair \(place) has a distance or a weight that is out of range"
        case .oneKind(let same, let different):
            "pairs that show the same person: \(same), different people: \(different); both kinds are needed"
        case .cancelled: "the calibration was canceled"
        }
    }
}
