public import CSPRModel
public import Ranking

/// Why an evaluation gave no figures.
public enum EvaluationError: Error, Sendable, Equatable {
    /// `isStopped` returned true.
    case stopped
    /// No query has a right answer.
    case nothingToScore(RankingError)
    /// An image could not be decoded, and none may be skipped.
    case undecodable(path: String, reason: String)
    /// No query, or no gallery image, of a task decodes.
    case nothingToRank(task: String)
    /// The network failed.
    case model(ModelError)
}

extension EvaluationError: CustomStringConvertible {
    /// What went wrong, in one sentence.
    public var description: String {
        switch self {
        case .stopped: "stopped"
        case .nothingToScore(let error): error.description
        case .undecodable(let path, let reason): "\(path) cannot be decoded: \(reason)"
        case .nothingToRank(let task):
            "no query or no gallery image\(task.isEmpty ? "" : " of \(task)") can be decoded"
        case .model(let error): error.description
        }
    }
}
