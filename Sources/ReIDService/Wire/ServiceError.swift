public import Imaging

/// What can be wrong with a request to the service; `ErrorMap.swift` decides how each error looks to clients.
public enum ServiceError: Error, Sendable, Equatable {
    /// The route has no query parameter of this name.
    case unknownParameter(String, known: [String])
    /// A query parameter's value is not what was expected.
    case invalidParameter(String, expected: String)
    /// A part of the request is not a JSON object, but must be one.
    case malformedJSON(part: String)
    /// A JSON member is unknown.
    case unknownMember(part: String, pointer: String, known: [String])
    /// A JSON member occurs twice.
    case repeatedMember(part: String, pointer: String)
    /// A JSON member's value is not what was expected.
    case invalidMember(part: String, pointer: String, expected: String)
    /// The body has another media type than the route takes.
    case unsupportedMediaType(found: String?, accepted: [String])
    /// The body is empty.
    case emptyBody
    /// A form part has an unknown name.
    case unknownPart(name: String, known: [String])
    /// A form part that may occur only once occurs twice.
    case repeatedPart(name: String)
    /// The form has no image.
    case noImage
    /// The request has more images than allowed.
    case tooManyImages(limit: Int)
    /// Image `index` (from 0) of `count` cannot be used.
    case image(ImageError, index: Int, count: Int)
    /// The request's images have more pixels together than allowed.
    case tooManyPixels(Int, limit: Int)
    /// Other requests decode so many pixels that this one has to come back later.
    case decodersBusy
    /// The embeddings of the request's images cancel each other out.
    case noDirection
    /// The gallery was made with another model than the one being served.
    case galleryOfAnotherModel(gallery: String, expected: String, served: String)
    /// The model has no attention branch with this number.
    case unknownBranch(Int, branches: Int)
    /// The bearer token is missing or wrong.
    case unauthorized(isMissing: Bool)
    /// A stored image cannot be decoded, although it was checked when it was enrolled.
    case damagedStore(reason: String)
}
