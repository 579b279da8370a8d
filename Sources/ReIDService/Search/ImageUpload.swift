internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging

/// The images of a request's body, and the JSON options of a form.
///
/// The body is one image with a `Content-Type` of `image/…`, or `multipart/form-data` with `image` parts. Only the
/// content decides which format an image has.
struct ImageUpload {
    /// The encoded images, 1 or more if any are needed, in order, each of a known format.
    let images: [ImageContent]
    /// The bytes of the part `options`; nil if there is none.
    let options: [UInt8]?

    /// The media types that an error message names as accepted.
    static let accepted = ImageFormat.common.map(\.rawValue) + ["multipart/form-data"]

    /// Reads the body of `request`.
    ///
    /// - Parameters:
    ///   - request: the request, with its complete body.
    ///   - maximumImages: the most images of one request.
    ///   - needsImage: whether a form without an image is refused.
    ///   - takesOptions: whether a form may have a part `options`.
    ///   - limits: the limits of an image.
    /// - Throws: `ServiceError` or `HTTPProblem`.
    init(
        _ request: ServerRequest, maximumImages: Int, needsImage: Bool = true, takesOptions: Bool,
        limits: Service.Configuration.Limits
    ) throws {
        guard !request.body.isEmpty else { throw ServiceError.emptyBody }
        let declared = request.fields[.contentType]
        let type = declared.flatMap { MediaType(parsing: $0) }?.essence
        if type == "multipart/form-data" {
            let boundary = MultipartReader.boundary(ofContentType: declared) ?? ""
            do {
                let form = try Self.readForm(
                    request.body, boundary: boundary, maximumImages: maximumImages, takesOptions: takesOptions,
                    limits: limits)
                guard !form.images.isEmpty || !needsImage else { throw ServiceError.noImage }
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

    /// What decoding all images costs, in pixels; reads only their headers.
    ///
    /// - Throws: `ServiceError.image` for an image that is too large or has no header, `tooManyPixels` for too large a sum.
    func cost(limits: Service.Configuration.Limits) throws(ServiceError) -> Int {
        var cost = 0
        for (index, image) in images.enumerated() {
            do throws(ImageError) {
                cost += try ImageHeader(image.bytes, limits: limits.image).cost
            } catch {
                throw .image(error, index: index, count: images.count)
            }
        }
        // A single image that its own limit allows is always taken.
        guard images.count == 1 || cost <= limits.requestPixels else {
            throw .tooManyPixels(cost, limit: limits.requestPixels)
        }
        return cost
    }

    /// Decodes image `index`, perhaps at a smaller size that still covers `target`.
    ///
    /// Release the result before decoding the next image: even a small file can be a very large image.
    func decoded(
        _ index: Int, covering target: (width: Int, height: Int), limits: Service.Configuration.Limits,
        _ cancellation: Cancellation
    ) throws(ServiceError) -> RGBImage {
        do {
            return try decodeImage(images[index].bytes, limits: limits.image, covering: target) {
                cancellation.isCancelled
            }
        } catch {
            throw .image(error, index: index, count: images.count)
        }
    }

    /// The most bytes of a form's JSON part.
    private static let optionBytes = 64 << 10

    private static func readForm(
        _ body: RequestBody, boundary: String, maximumImages: Int, takesOptions: Bool,
        limits: Service.Configuration.Limits
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
        return (images, options)
    }

    private static func sniffed(_ images: [[UInt8]]) throws(ServiceError) -> [ImageContent] {
        var contents: [ImageContent] = []
        for (index, bytes) in images.enumerated() {
            guard let format = ImageFormat.sniff(bytes) else {
                throw .image(.undecodable(bytes), index: index, count: images.count)
            }
            contents.append(ImageContent(bytes: bytes, mediaType: format.rawValue))
        }
        return contents
    }
}
