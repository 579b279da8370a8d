public import Imaging

/// What can be wrong with a request to the service; `ErrorMap.swift` decides how each looks on the wire.
public enum ServiceError: Error, Sendable, Equatable {
    /// The route has no query parameter of this name.
    case unknownParameter(String, known: [String])
    /// A query parameter's value is not what was expected.
    case invalidParameter(String, expected: String)
    /// A part of the request that must be a JSON object is none.
    case malformedJSON(part: String)
    /// A JSON member that nobody knows.
    case unknownMember(part: String, pointer: String, known: [String])
    /// A JSON member of a name that came before.
    case repeatedMember(part: String, pointer: String)
    /// A JSON member's value is not what was expected.
    case invalidMember(part: String, pointer: String, expected: String)
    /// The body has another media type than the route takes.
    case unsupportedMediaType(found: String?, accepted: [String])
    /// The body is empty.
    case emptyBody
    /// A form part of a name that the route does not know.
    case unknownPart(name: String, known: [String])
    /// A form part that may come once came twice.
    case repeatedPart(name: String)
    /// A form without an image.
    case noImage
    /// More images than one request may carry.
    case tooManyImages(limit: Int)
    /// Image `index` (from 0) of `count` is at fault.
    case image(ImageError, index: Int, count: Int)
    /// The vectors of the images of one person cancel out, or the network gave no direction.
    case noDirection
    /// The gallery was made with another model than the one being served.
    case galleryOfAnotherModel(gallery: String, expected: String, served: String)
    /// There is no attention branch of this number.
    case unknownBranch(Int, branches: Int)
    /// No bearer token, or a wrong one.
    case unauthorized(isMissing: Bool)
    /// A stored file that should be readable is not.
    case damagedStore(reason: String)
}
