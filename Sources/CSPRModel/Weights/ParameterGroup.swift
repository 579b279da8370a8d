/// The part of the network that a parameter belongs to, which decides when and how fast it is trained.
public enum ParameterGroup: Sendable, CaseIterable {
    /// The ResNet.
    case backbone
    /// The global embedding, with its neck.
    case global
    /// The attention and the descriptors of the branches, with their neck.
    case local
    /// The classifier behind the global embedding.
    case globalClassifier
    /// The classifier behind the descriptors.
    case localClassifier

    /// Whether the group belongs to the branches: it has its own learning rate, and the global phase does not train it.
    public var isOfBranches: Bool {
        switch self {
        case .backbone, .global, .globalClassifier: false
        case .local, .localClassifier: true
        }
    }
}
