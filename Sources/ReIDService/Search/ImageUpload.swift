internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging

/// The images of a request's body, and the form's JSON part of options where it has one.
///
/// The body is one image with a `Content-Type` of `image/…`, or a `multipart/form-data` of `image` parts. What an image is
/// is told from its content alone.
struct ImageUpload {
    /// 1 or more encoded images, in order, each of a known format.
    let images: [ImageContent]
    /// The part `options`; nil: there is none.
    let options: [UInt8]?

    /// Media types that are named to a client that sent another.
    static let accepted = ImageFormat.common.map(\.rawValue) + ["multipart/form-data"]

    /// Reads the body of `request`.
    ///
    /// - Parameters:
    ///   - request: with its whole body.
    ///   - maximumImages: images one request may carry.
    ///   - takesOptions: whether a form may have a part `options`.
    ///   - limits: what an image may be.
    /// - Throws: `ServiceError`, `MultipartError`'s problem or `HTTPProblem`.
    init(_ request: ServerRequest, maximumImages: Int, takesOptions: Bool, limits: ServiceLimits) throws {
        guard !request.body.isEmpty else { throw ServiceError.emptyBody }
        let declared = request.fields[.contentType]
        let type = declared.flatMap { MediaType(parsing: $0) }?.essence
        if type == "multipart/form-data" {
            let boundary = MultipartReader.boundary(ofContentType: declared) ?? ""
            do {
                let form = try Self.readForm(
                    request.body, boundary: boundary, maximumImages: maximumImages, takesOptions: takesOptions,
                    limits: limits)
                self.init(images: try Self.sniffed(form.images), options: form.options)
            } catch let error as MultipartError {
                throw error.problem
            }
        } else if let type, type.hasPrefix("image/") {
            let bytes = try request.body.bytes(limit: limits.imageBytes)
            self.init(images: try Self.sniffed([bytes]), options: nil)
        } else {
            throw ServiceError.unsupportedMediaType(found: declared, accepted: Self.accepted)
        }
    }

    private init(images: [ImageContent], options: [UInt8]?) {
        self.images = images
        self.options = options
    }

    /// Image `index` decoded; a JPEG may be decoded smaller, as long as it still covers `target`.
    ///
    /// To be let go of before the next one: small files can hold the largest images.
    func decoded(
        _ index: Int, covering target: (width: Int, height: Int), limits: ServiceLimits
    ) throws(ServiceError) -> RGBImage {
        do {
            return try decodeImage(images[index].bytes, limits: limits.image, covering: target)
        } catch {
            throw .image(error, index: index, count: images.count)
        }
    }

    /// Bytes of a form's JSON part.
    private static let optionBytes = 64 << 10

    private static func readForm(
        _ body: RequestBody, boundary: String, maximumImages: Int, takesOptions: Bool, limits: ServiceLimits
    ) throws -> (images: [[UInt8]], options: [UInt8]?) {
        var reader = try MultipartReader(
            body, boundary: boundary, limits: MultipartLimits(parts: maximumImages + 2))
        var images: [[UInt8]] = []
        var options: [UInt8]?
        while let part = try reader.next() {
            if part.name == "image" {
                guard images.count < maximumImages else { throw ServiceError.tooManyImages(limit: maximumImages) }
                images.append(try reader.bytes(of: part, limit: limits.imageBytes))
            } else if takesOptions, part.name == "options" {
                guard options == nil else { throw ServiceError.repeatedPart(name: part.name) }
                options = try reader.bytes(of: part, limit: optionBytes)
            } else {
                throw ServiceError.unknownPart(name: part.name, known: takesOptions ? ["image", "options"] : ["image"])
            }
        }
        guard !images.isEmpty else { throw ServiceError.noImage }
        return (images, options)
    }

    private static func sniffed(_ images: [[UInt8]]) throws(ServiceError) -> [ImageContent] {
        var contents: [ImageContent] = []
        for (index, bytes) in images.enumerated() {
            guard let format = ImageFormat.sniff(bytes) else {
                throw .image(bytes.isEmpty ? .empty : .unsupportedFormat, index: index, count: images.count)
            }
            contents.append(ImageContent(bytes: bytes, mediaType: format.rawValue))
        }
        return contents
    }
}
