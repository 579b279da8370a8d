internal import CSPRModel
internal import Digests
internal import Embedding
internal import Gallery
public import HTTP
internal import HTTPTypes
internal import Imaging
internal import Ranking

/// Turns an error of any module into the problem document that clients see.
///
/// This is the only place that decides how an error looks to clients. An unknown error is a 500 without details; the
/// caller logs it.
public func problem(for error: any Error) -> HTTPProblem {
    switch error {
    case let problem as HTTPProblem: problem
    case let mapped as any ProblemConvertible: mapped.problem
    default: .internalError
    }
}

/// An error that has a problem document; each conformance is a `switch` without `default`.
protocol ProblemConvertible: Error {
    var problem: HTTPProblem { get }
}

extension HTTPProblem {
    /// A fault of the service; the log has the details.
    static let internalError = HTTPProblem(
        .internalServerError, detail: "The service failed; its log has the details under this request id.")

    /// A problem of this service's own kinds: its `type` is `urn:reid:` followed by `kind`.
    static func reid(
        _ status: HTTPResponse.Status, _ kind: String, _ title: String, _ detail: String, pointer: String? = nil,
        parameter: String? = nil, fields: HTTPFields = [:]
    ) -> HTTPProblem {
        HTTPProblem(
            status, type: "urn:reid:" + kind, title: title, detail: detail, pointer: pointer.map { excerpt($0) },
            parameter: parameter.map { excerpt($0) }, fields: fields)
    }
}

extension ServiceError: ProblemConvertible {
    var problem: HTTPProblem {
        switch self {
        case .unknownParameter(let name, let known):
            .reid(
                .badRequest, "unknown-parameter", "Unknown query parameter",
                "There is no parameter '\(excerpt(name))' here; " + Self.list(known, "known are"), parameter: name)
        case .invalidParameter(let name, let expected):
            .reid(
                .badRequest, "invalid-parameter", "Invalid query parameter", "'\(name)' must be \(expected).",
                parameter: name)
        case .noFilter(let known):
            .reid(
                .badRequest, "missing-filter", "A filter is needed",
                "Say which images; " + Self.list(known, "filters are")
                    + " A time in the future as 'enrolled_to' stands for all of them.")
        case .malformedJSON(let part):
            .reid(.badRequest, "malformed-json", "Malformed JSON", "The \(part) must be one JSON object.", pointer: "")
        case .unknownMember(let part, let pointer, let known):
            .reid(
                .badRequest, "unknown-member", "Unknown JSON member",
                "The \(part) may not have a member '\(excerpt(pointer.dropFirst()))'; " + Self.list(known, "known are"),
                pointer: pointer)
        case .repeatedMember(let part, let pointer):
            .reid(
                .badRequest, "repeated-member", "Repeated JSON member",
                "The \(part) has a member '\(excerpt(pointer.dropFirst()))' more than once.", pointer: pointer)
        case .invalidMember(let part, let pointer, let expected):
            .reid(
                .badRequest, "invalid-member", "Invalid JSON member",
                "'\(excerpt(pointer.dropFirst()))' of the \(part) must be \(expected).", pointer: pointer)
        case .unsupportedMediaType(let found, let accepted):
            .reid(
                .unsupportedMediaType, "unsupported-media-type", "Unsupported media type",
                (found.map { "The body is declared as '\(excerpt($0))'" } ?? "The body has no Content-Type")
                    + "; this route takes \(accepted.joined(separator: ", ")).",
                parameter: "Content-Type", fields: [.accept: accepted.joined(separator: ", ")])
        case .emptyBody: .reid(.badRequest, "empty-body", "Empty body", "The body must hold an image.")
        case .unknownPart(let name, let known):
            .reid(
                .badRequest, "unknown-part", "Unknown form part",
                "There is no part '\(excerpt(name))' here; " + Self.list(known, "known are"), parameter: name)
        case .repeatedPart(let name):
            .reid(
                .badRequest, "repeated-part", "Repeated form part", "The part '\(excerpt(name))' may come once.",
                parameter: name)
        case .noImage:
            .reid(
                .badRequest, "no-image", "No image", "The form has no part named 'image'.", parameter: "image")
        case .tooManyImages(let limit):
            .reid(
                .badRequest, "too-many-images", "Too many images", "One request carries at most \(limit) images.",
                parameter: "image")
        case .notTwoImages(let uploaded, let enrolled):
            .reid(
                .badRequest, "not-two-images", "Two images are compared",
                "Send two images, or one image and one 'image_id', or two 'image_id'; the request has \(uploaded) images and "
                    + "\(enrolled) ids.", parameter: "image_id")
        case .image(let error, let index, let count):
            error.problem(of: count == 1 ? "The image" : "Image \(index + 1) of \(count)")
        case .tooManyPixels(let pixels, let limit):
            .reid(
                .contentTooLarge, "too-many-pixels", "The images are too large together",
                "The request's images have \(pixels) pixels together, of which those of progressive JPEGs and interlaced "
                    + "PNGs count fourfold; one request may have \(limit) (limits.request_pixels).", parameter: "image")
        case .decodersBusy:
            .overloaded("Other requests' images are being decoded; try again shortly.", retryAfterSeconds: 2)
        case .noDirection:
            .reid(
                .unprocessableContent, "no-direction", "No common direction",
                "The images' feature vectors cancel out, so there is nothing to search for.")
        case .galleryOfAnotherModel(let gallery, let expected, let served):
            .reid(
                .conflict, "model-mismatch", "The gallery belongs to another model",
                "Gallery '\(gallery)' was made with \(expected), but \(served) is being served.")
        case .queryOfAnotherModel(let query):
            .reid(
                .conflict, "model-mismatch", "The gallery belongs to another model",
                "The images of query '\(query)' could not be embedded with the model that its gallery has now; keep them again."
            )
        case .notCalibrated(let gallery, let missing):
            .reid(
                .conflict, "not-calibrated", "The gallery has no probabilities for this search",
                "'min_probability' needs probabilities, which gallery '\(gallery)' does not have. \(missing)",
                parameter: "min_probability")
        case .unknownBranch(let branch, let branches):
            .reid(
                .notFound, "unknown-branch", "No such attention branch",
                branches == 0
                    ? "The model has no attention branches."
                    : "There is no branch \(branch); the model has branches 0 to \(branches - 1).",
                parameter: "branch")
        case .unauthorized(let fault): fault.problem
        case .forbidden(let scope):
            .reid(
                .forbidden, "insufficient-scope", "The token does not allow this",
                "This needs a token with the scope '\(scope)'.",
                fields: [.wwwAuthenticate: #"Bearer realm="reid", error="insufficient_scope", scope="\#(scope)""#])
        case .galleriesLimited:
            .reid(
                .forbidden, "insufficient-scope", "The token does not allow this",
                "The token is for some galleries only, and this is not within them.",
                fields: [.wwwAuthenticate: #"Bearer realm="reid", error="insufficient_scope""#])
        case .tokenOfFile:
            .reid(
                .conflict, "token-of-file", "This token is kept in a file",
                "To replace it, delete the file 'admin-token' in the data folder and restart the service.")
        case .tooManyRequests(let seconds):
            .reid(
                .tooManyRequests, "too-many-requests", "Too many requests",
                "Requests come faster than allowed; try again in \(seconds) s.",
                fields: [.retryAfter: "\(seconds)"])
        case .tooManySearches(let limit):
            .reid(
                .tooManyRequests, "too-many-searches", "Too many searches at once",
                "\(limit) searches with this token are running; wait for one of them.", fields: [.retryAfter: "1"])
        case .foreignHost(let host):
            .reid(
                .misdirectedRequest, "foreign-host", "Not this service's name",
                "This service does not go by '\(excerpt(host))'; names that it goes by are in the setting "
                    + "server.names.", parameter: "Host")
        case .crossSite:
            .reid(
                .forbidden, "cross-site", "A page of another origin may not do this",
                "Origins whose pages may use the service are in the setting server.origins.", parameter: "Origin")
        case .auditUnavailable:
            .reid(
                .serviceUnavailable, "audit-unavailable", "The audit cannot be written",
                "What is shown must be written to the audit, which fails at present; the service's log says why.",
                fields: [.retryAfter: "5"])
        case .damagedStore: .internalError
        }
    }

    private static func list(_ names: [String], _ lead: String) -> String {
        names.isEmpty ? "there are none." : "\(lead) \(names.joined(separator: ", "))."
    }
}

extension CalibrationError: ProblemConvertible {
    var problem: HTTPProblem {
        switch self {
        case .tooFewLabels, .oneCamera, .oneKind:
            .reid(
                .conflict, "too-few-labels", "Too few labeled images",
                description.prefix(1).uppercased() + description.dropFirst() + ".", parameter: "gallery")
        case .invalidPair, .cancelled: .internalError
        }
    }
}

extension CredentialFault {
    /// The problem 401; an invalid session also makes the browser forget its cookie.
    fileprivate var problem: HTTPProblem {
        let detail =
            switch self {
            case .missing: "Send a token as 'Authorization: Bearer …', or sign in."
            case .malformed: "Authorization must be 'Bearer', one space and the token."
            case .unknown: "There is no such token; it may have been deleted."
            case .expired: "The token has expired."
            case .sessionOver: "The session is over; sign in again."
            }
        var fields: HTTPFields = [
            .wwwAuthenticate: #"Bearer realm="reid""# + (self == .missing ? "" : #", error="invalid_token""#)
        ]
        if self == .sessionOver { fields.append(contentsOf: SessionCookie.clearing) }
        return .reid(.unauthorized, "unauthorized", "A token is needed", detail, fields: fields)
    }
}

extension ImageError: ProblemConvertible {
    var problem: HTTPProblem { problem(of: "The image") }

    /// The problem, with `subject`, such as "Image 2 of 3", in its sentence.
    func problem(of subject: String) -> HTTPProblem {
        switch self {
        case .empty: .reid(.badRequest, "empty-body", "Empty image", "\(subject) has no bytes.", parameter: "image")
        case .unsupportedFormat:
            .reid(
                .unsupportedMediaType, "unsupported-format", "Not a supported image",
                "\(subject) is neither a JPEG nor a PNG.", parameter: "image", fields: Self.accepted)
        case .foreignFormat(let name):
            .reid(
                .unsupportedMediaType, "unsupported-format", "Not a supported image",
                "\(subject) is in the format \(name); only JPEG and PNG are taken.", parameter: "image",
                fields: Self.accepted)
        case .tooManyBytes(let bytes, let limit):
            .reid(
                .contentTooLarge, "too-large", "The image is too large",
                "\(subject) has \(bytes) bytes; at most \(limit) are taken.", parameter: "image")
        case .tooLarge(let width, let height, let limit):
            .reid(
                .contentTooLarge, "too-large", "The image is too large",
                "\(subject) has \(width)×\(height) pixels; at most \(limit) are taken.", parameter: "image")
        case .sideTooLong(let width, let height, let limit):
            .reid(
                .contentTooLarge, "too-large", "The image is too large",
                "\(subject) has \(width)×\(height) pixels; at most \(limit) a side are taken.", parameter: "image")
        case .corrupt(let reason):
            .reid(
                .unprocessableContent, "corrupt-image", "The image cannot be decoded",
                "\(subject) is cut or damaged: \(reason).", parameter: "image")
        case .notEncodable: .internalError
        case .cancelled: EmbedderError.cancelled.problem
        }
    }

    private static var accepted: HTTPFields {
        [.accept: ImageFormat.common.map(\.rawValue).joined(separator: ", ")]
    }
}

extension EmbedderError: ProblemConvertible {
    var problem: HTTPProblem {
        switch self {
        case .overloaded(let queued, let limit):
            .overloaded("\(queued) of \(limit) images wait for the network; try again shortly.", retryAfterSeconds: 2)
        case .cancelled:
            .overloaded("The client closed its side of the connection before the answer.", retryAfterSeconds: 1)
        case .stopped: .overloaded("The service is stopping.", retryAfterSeconds: 5)
        case .failed: .internalError
        case .unusableVector:
            .reid(
                .internalServerError, "unusable-vector", "The network gives no usable vector",
                description.prefix(1).uppercased() + description.dropFirst() + ".")
        }
    }
}

extension RankingError: ProblemConvertible {
    var problem: HTTPProblem {
        switch self {
        case .wrongDimensions, .notFinite, .noValidQuery: .internalError
        case .cancelled:
            .overloaded("The client closed its side of the connection before the answer.", retryAfterSeconds: 1)
        case .optionOutOfRange(let name, _, let minimum, let maximum):
            .reid(
                .badRequest, "invalid-parameter", "Invalid option", "'\(name)' must be from \(minimum) to \(maximum).",
                parameter: name)
        }
    }
}

extension GalleryError: ProblemConvertible {
    var problem: HTTPProblem {
        switch self {
        case .unknownGallery, .unknownImage, .unknownBatch, .unknownJob, .unknownQuery, .unknownToken, .noContent:
            .reid(.notFound, "not-found", "Not found", sentence)
        case .duplicateTokenSubject:
            .reid(
                .conflict, "duplicate-subject", "The certificate stands for another token", sentence,
                pointer: "/subject")
        case .duplicateTokenName:
            .reid(.conflict, "duplicate-name", "The name is taken", sentence, pointer: "/name")
        case .imageIsHeld, .imagesAreHeld:
            .reid(.conflict, "images-held", "Held images may not be erased", sentence)
        case .galleryExists: .reid(.conflict, "already-there", "There is something already", sentence)
        case .sameModel: .reid(.conflict, "same-model", "The gallery has this model already", sentence)
        case .modelMismatch: .reid(.conflict, "model-mismatch", "The gallery belongs to another model", sentence)
        case .dimensionMismatch, .invalidEmbedding:
            .reid(.unprocessableContent, "invalid-embedding", "Not a vector of this gallery", sentence)
        case .invalidTransition, .notRunning, .incompleteBatch:
            .reid(.conflict, "batch-state", "Not in this state of the batch", sentence)
        case .jobIsOver: .reid(.conflict, "job-state", "The job is over", sentence)
        case .tooManyJobs: .reid(.conflict, "job-limit", "Too many jobs wait", sentence)
        case .alreadyThere: .reid(.conflict, "already-there", "There is something already", sentence)
        case .tooLittleSpace:
            .reid(
                .init(code: 507, reasonPhrase: "Insufficient Storage"), "disk-full", "Too little disk space", sentence)
        case .idempotencyConflict:
            .reid(.conflict, "idempotency-conflict", "The key was used before", sentence, parameter: "Idempotency-Key")
        case .tooManyQueries, .queriesTooLarge:
            .reid(.conflict, "query-limit", "Too much is kept", sentence)
        case .invalidCursor: .reid(.badRequest, "invalid-parameter", "Invalid cursor", sentence, parameter: "cursor")
        case .invalidLimit: .reid(.badRequest, "invalid-parameter", "Invalid limit", sentence, parameter: "limit")
        case .diskFull:
            .reid(
                .init(code: 507, reasonPhrase: "Insufficient Storage"), "disk-full", "The disk is full",
                "Nothing of the change was kept.")
        case .newerSchema, .foreignDatabase, .corrupt, .missingFolder, .notWritable, .locked, .inputOutput, .database,
            .noRandomness:
            .internalError
        }
    }

    /// The description as a sentence; names in it may be as long as a path.
    private var sentence: String {
        let text = excerpt(description, length: 300)
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }
}

extension DigestError: ProblemConvertible {
    var problem: HTTPProblem {
        switch self {
        case .outOfMemory, .unavailable, .noRandomness: .internalError
        }
    }
}

extension ModelError: ProblemConvertible {
    var problem: HTTPProblem {
        switch self {
        case .file, .wrongFormat, .unsupportedVersion, .malformedConfiguration, .invalidConfiguration, .missingTensor,
            .surplusTensor, .misshapenTensor, .wrongType, .nonFiniteTensor, .negativeVariance, .exponentNotPositive,
            .unusableVector, .digest, .compute:
            .internalError
        }
    }
}

extension BodyFileError: ProblemConvertible {
    var problem: HTTPProblem {
        switch self {
        case .system where isDiskFull: GalleryError.diskFull(path: "").problem
        case .system, .notRegular, .truncated: .internalError
        }
    }
}
