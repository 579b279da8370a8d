import HTTPTypes

/// Why a body could not be read as `multipart/form-data`.
public enum MultipartError: Error, Sendable, Equatable {
    /// The boundary parameter is missing, or is not 1 to 70 allowed characters.
    case badBoundary
    /// The bytes at an offset of the body are not what the format demands.
    case malformed(reason: String, offset: Int)
    /// The body ends before its closing delimiter.
    case truncated
    /// There are more parts than allowed.
    case tooManyParts(limit: Int)
    /// A part's headers are longer than allowed, in bytes or lines.
    case headersTooLarge(limit: Int)
    /// A part has more bytes than the caller allows.
    case partTooLarge(name: String, limit: Int)
    /// The body's file could not be read.
    case unreadable(BodyFileError)

    /// The problem document for the client.
    public var problem: HTTPProblem {
        switch self {
        case .badBoundary: .badRequest("The boundary of the multipart body is missing or malformed.")
        case .malformed(let reason, let offset):
            .badRequest("The multipart body is malformed at byte \(offset): \(reason).")
        case .truncated: .badRequest("The multipart body ends before its closing delimiter.")
        case .tooManyParts(let limit):
            HTTPProblem(.contentTooLarge, detail: "The multipart body has more than \(limit) parts.")
        case .headersTooLarge(let limit): .badRequest("The headers of a part exceed \(limit).")
        case .partTooLarge(let name, let limit):
            HTTPProblem(.contentTooLarge, detail: "The part \(excerpt(name)) has more than \(limit) bytes.")
        case .unreadable: HTTPProblem(.internalServerError, detail: "The body's file could not be read.")
        }
    }
}
