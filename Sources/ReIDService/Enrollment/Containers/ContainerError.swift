public import HTTP
internal import HTTPTypes
public import TensorFiles

/// Why a whole batch is refused; a single bad item never causes one of these.
public enum ContainerError: Error, Sendable, Equatable {
    /// The body cannot be read from disk.
    case unreadable(BodyFileError)
    /// The body is compressed.
    case compressed(Compression)
    /// A tar header's checksum does not match its bytes.
    case badChecksum(offset: Int)
    /// A field of a tar header, or a pax record, is not what the format allows.
    case malformedHeader(field: String, offset: Int)
    /// The body ends inside the member that begins at `offset`.
    case truncated(member: String, offset: Int)
    /// Bytes other than zero follow the archive's end marker.
    case trailingData(offset: Int)
    /// A member's name is absolute, has "..", is empty, is too long or is not UTF-8.
    case unsafeName(name: String, offset: Int)
    /// A member is neither a regular file nor a folder: a link, a device, a volume label.
    case unsupportedMember(name: String, kind: String, offset: Int)
    /// A member is stored as a sparse file, which could be much larger than the bytes that were sent.
    case sparseMember(name: String, offset: Int)
    /// Two members have the same name.
    case duplicateName(name: String, offset: Int)
    /// The body is not valid `multipart/form-data`.
    case multipart(MultipartError)
    /// A multipart body has a part that is neither `manifest` nor `image`, or an `image` without a file name.
    case unexpectedPart(name: String, offset: Int)
    /// A multipart body has no part `manifest`.
    case noManifest
    /// The batch has no items.
    case empty
    /// The batch has more items than allowed.
    case tooManyItems(limit: Int)
    /// The manifest is larger than allowed.
    case manifestTooLarge(bytes: Int, limit: Int)
    /// The body is not a safetensors file.
    case safetensors(SafetensorsError)
    /// A safetensors body has no such tensor.
    case missingTensor(name: String)
    /// A safetensors body has a tensor that nobody reads.
    case unexpectedTensor(name: String)
    /// A tensor has another element type or shape than it must have.
    case unusableTensor(name: String, type: String, shape: [Int])
    /// The header's metadata has a member that nobody reads.
    case unexpectedMetadata(name: String)
    /// The header's metadata does not name the model that computed the embeddings.
    case noModel
    /// There are more or fewer lines about the embeddings than embeddings.
    case wrongItemCount(rows: Int, items: Int)
}

extension ContainerError: CustomStringConvertible {
    /// One sentence for people, with the member and the byte offset if there is one.
    public var description: String {
        switch self {
        case .unreadable: "The batch's body cannot be read from disk."
        case .compressed(let format):
            "The body is compressed with \(format.rawValue); send it uncompressed, such as the .tar inside a .tar.gz or .tgz."
        case .badChecksum(let offset): "The tar header at byte \(offset) has a wrong checksum."
        case .malformedHeader(let field, let offset): "The tar header at byte \(offset) has a malformed \(field)."
        case .truncated(let member, let offset): "The body ends inside \(member), which begins at byte \(offset)."
        case .trailingData(let offset): "There is data after the archive's end marker, at byte \(offset)."
        case .unsafeName(let name, let offset):
            "The member at byte \(offset) has the name \"\(excerpt(name))\"; a name must be relative, without \"..\", in UTF-8 "
                + "and at most \(IngestionLimits.nameBytes) bytes."
        case .unsupportedMember(let name, let kind, let offset):
            "The member \"\(excerpt(name))\" at byte \(offset) is a \(kind); only regular files and folders are accepted."
        case .sparseMember(let name, let offset): "The member \"\(excerpt(name))\" at byte \(offset) is stored sparse."
        case .duplicateName(let name, let offset):
            "The name \"\(excerpt(name))\" appears a second time at byte \(offset)."
        case .multipart(let error): error.problem.detail ?? "The multipart body is malformed."
        case .unexpectedPart(let name, let offset):
            "The part \"\(excerpt(name))\" at byte \(offset) is neither the manifest nor an image with a file name."
        case .noManifest: "The multipart body has no part \"manifest\"."
        case .empty: "The batch holds no items."
        case .tooManyItems(let limit): "The batch holds more than \(limit) items."
        case .manifestTooLarge(let bytes, let limit): "The manifest has \(bytes) bytes; the limit is \(limit)."
        case .safetensors(let error): "The body cannot be read as safetensors: \(excerpt("\(error)", length: 500))."
        case .missingTensor(let name): "The body has no tensor \"\(name)\"."
        case .unexpectedTensor(let name):
            "The body has the unknown tensor \"\(excerpt(name))\"; known are \(EmbeddingTable.embeddings) and "
                + "\(EmbeddingTable.items)."
        case .unusableTensor(let name, let type, let shape):
            "The tensor \"\(excerpt(name))\" is \(type) \(shape); "
                + (name == EmbeddingTable.items
                    ? "it must be U8 [bytes]." : "it must be F32 or F16 [rows, dimensions].")
        case .unexpectedMetadata(let name):
            "The header's metadata has the unknown member \"\(excerpt(name))\"; known are model and format."
        case .noModel: "The header's metadata lacks model, the identity of the model that computed the embeddings."
        case .wrongItemCount(let rows, let items): "There are \(items) items for \(rows) embeddings."
        }
    }
}

extension ContainerError: ProblemConvertible {
    /// Broken bytes are a 400, a well-formed but unacceptable batch is a 422, a compressed one a 415, too many items a 413.
    var problem: HTTPProblem {
        switch self {
        case .unreadable: .internalError
        case .compressed: refused(.unsupportedMediaType, "compressed-body")
        case .badChecksum: refused(.badRequest, "bad-checksum")
        case .malformedHeader: refused(.badRequest, "malformed-header")
        case .truncated: refused(.badRequest, "truncated")
        case .trailingData: refused(.badRequest, "trailing-data")
        case .unsafeName: refused(.unprocessableContent, "unsafe-name")
        case .unsupportedMember: refused(.unprocessableContent, "unsupported-member")
        case .sparseMember: refused(.unprocessableContent, "sparse-member")
        case .duplicateName: refused(.unprocessableContent, "duplicate-name")
        case .multipart(.tooManyParts): refused(.contentTooLarge, "too-many-items")
        case .multipart(let error): error.problem
        case .unexpectedPart: refused(.unprocessableContent, "unexpected-part")
        case .noManifest: refused(.unprocessableContent, "no-manifest")
        case .empty: refused(.unprocessableContent, "empty-batch")
        case .tooManyItems: refused(.contentTooLarge, "too-many-items")
        case .manifestTooLarge: refused(.contentTooLarge, "manifest-too-large")
        case .safetensors: refused(.badRequest, "malformed-safetensors")
        case .missingTensor: refused(.unprocessableContent, "missing-tensor")
        case .unexpectedTensor: refused(.unprocessableContent, "unexpected-tensor")
        case .unusableTensor: refused(.unprocessableContent, "unusable-tensor")
        case .unexpectedMetadata: refused(.unprocessableContent, "unexpected-metadata")
        case .noModel: refused(.unprocessableContent, "no-model")
        case .wrongItemCount: refused(.unprocessableContent, "wrong-item-count")
        }
    }

    private func refused(_ status: HTTPResponse.Status, _ kind: String) -> HTTPProblem {
        .reid(status, kind, "The batch is refused", description)
    }
}

/// The limits of a batch, in addition to the limits of an image and of the listener's bodies.
public enum IngestionLimits {
    /// The most items of a batch; also the most members of a tar and the most parts of a multipart body.
    public static let items = 1_000_000
    /// The most bytes of a member's name.
    public static let nameBytes = 1024
    /// The most bytes of one pax or GNU long-name header.
    public static let extendedHeaderBytes = 1 << 20
    /// The most bytes of a manifest in a tar or multipart body.
    public static let manifestBytes = 1 << 30
    /// The most bytes of a manifest's line, without an image in it.
    public static let manifestLineBytes = 256 << 10
    /// The most bytes of a safetensors body's header.
    public static let tensorHeaderBytes = 1 << 20
    /// The bytes, encoded and decoded, of the items that are read and embedded together; a larger item is processed
    /// alone.
    public static let chunkBytes = 16 << 20
    /// The most items that are read together.
    public static let chunkItems = 1024
    /// The chunks that may be ahead of the one that is recorded next.
    public static let chunksAhead = 4
    /// The bytes of the items that are recorded in one transaction.
    public static let commitBytes = 64 << 20
}
