/// Why a service cannot run as configured.
///
/// A field is named as its source spells it: `server.head_bytes`, or `REID_SERVER_HEAD_BYTES` in the environment.
public enum ConfigurationError: Error, Sendable, Equatable {
    /// There is no such field; `nearest` is a known name that is spelled almost like it.
    case unknownField(String, nearest: String?)
    /// A field's value is of another type than `expected`.
    case wrongType(field: String, value: String, expected: String)
    /// A field's value is outside what is allowed.
    case outOfRange(field: String, value: String, allowed: String)
    /// The configuration file is not JSON.
    case malformedFile(reason: String)
    /// A field has a value, and a field without which it means nothing has none.
    case missingCompanion(field: String, of: String)
}

extension ConfigurationError: CustomStringConvertible {
    /// One sentence for the person who starts the service.
    public var description: String {
        switch self {
        case .unknownField(let name, let nearest):
            "configuration: there is no \(name)" + (nearest.map { "; did you mean \($0)?" } ?? "")
        case .wrongType(let field, let value, let allowed), .outOfRange(let field, let value, let allowed):
            "configuration: \(field) must be \(allowed), not \(value)"
        case .malformedFile(let reason): "configuration: the file is not JSON: \(reason)"
        case .missingCompanion(let field, let other):
            "configuration: \(field) needs \(other) as well"
        }
    }
}
