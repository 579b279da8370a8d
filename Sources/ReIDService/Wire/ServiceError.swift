public import Imaging

/// What can be wrong with a request to the service; `ErrorMap.swift` decides how each error looks to clients.
public enum ServiceError: Error, Sendable, Equatable {
    /// The route has no query parameter of this name.
    case unknownParameter(String, known: [String])
    /// A query parameter's value is not what was expected.
    case invalidParameter(String, expected: String)
    /// The request would erase or hold every image of a gallery, because it has no filter.
    case noFilter(known: [String])
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
    /// A comparison names more or fewer images than two.
    case notTwoImages(uploaded: Int, enrolled: Int)
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
    /// The kept query's vector is not of its gallery's model, which could not embed the query's images.
    case queryOfAnotherModel(query: String)
    /// The search has a minimum probability, but the gallery has no probabilities for it; `missing` is a sentence.
    case notCalibrated(gallery: String, missing: String)
    /// The model has no attention branch with this number.
    case unknownBranch(Int, branches: Int)
    /// The request needs a token or a session, and shows none that is valid.
    case unauthorized(CredentialFault)
    /// The token does not have the scope that the route needs.
    case forbidden(scope: String)
    /// The token is for some galleries only, and what is asked for needs one for all, or for another one.
    case galleriesLimited
    /// The token in the file is not deleted through the API.
    case tokenOfFile
    /// Too many requests of one token or address; it may try again after some seconds.
    case tooManyRequests(seconds: Int)
    /// As many searches of one token run as may.
    case tooManySearches(limit: Int)
    /// The service does not go by the name in `Host`.
    case foreignHost(String)
    /// A page of another origin wants to change something.
    case crossSite
    /// The audit is required, but cannot be written at present.
    case auditUnavailable
    /// A stored image cannot be decoded, although it was checked when it was enrolled.
    case damagedStore(reason: String)
}

/// What is wrong with the token or session that a request shows.
public enum CredentialFault: Sendable, Equatable, CaseIterable {
    /// It shows none.
    case missing
    /// `Authorization` is not `Bearer`, one space and a secret.
    case malformed
    /// There is no such token.
    case unknown
    /// The token has expired.
    case expired
    /// The session is over, or its token is gone.
    case sessionOver
}
