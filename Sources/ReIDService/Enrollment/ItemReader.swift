internal import Datasets
internal import Digests
internal import Embedding
internal import Gallery
internal import HTTP
internal import Imaging

/// An item that was read successfully; it may still need its vector.
struct Candidate: Sendable, Equatable {
    /// The SHA-256 of the bytes that were sent.
    let sha256: [UInt8]
    /// The encoded image to store; nil if only a vector was sent.
    let content: ImageContent?
    /// The pixels to embed; nil if there is no image, or if a vector was sent too.
    let image: RGBImage?
    /// The size of the image to store.
    let size: (width: Int, height: Int)?
    /// The item's line; its `embedding`, if it has one, has length 1.
    let item: ManifestItem

    static func == (a: Candidate, b: Candidate) -> Bool {
        a.sha256 == b.sha256 && a.content == b.content && a.image == b.image && a.item == b.item
    }

    /// The image to enroll, with its vector.
    func enrolled(embedding: [Float], model: String, doubt: String?) -> NewImage {
        NewImage(
            sha256: sha256, content: content, width: size?.width, height: size?.height, embedding: embedding,
            model: model, personID: item.personID, cameraID: item.cameraID, capturedAt: item.capturedAt,
            externalID: item.externalID, name: item.image, doubt: doubt)
    }

    /// The bytes that the candidate holds in memory.
    var bytes: Int { (content?.bytes.count ?? 0) + (image?.pixels.count ?? 0) }
}

/// Why one item is refused; other items of the batch are not affected.
struct ItemRefusal: Error, Sendable, Equatable {
    let failure: ItemFailure
    let detail: String
}

/// Reads a batch's entries one at a time; uses neither the network nor the database.
struct ItemReader: Sendable {
    let index: BatchIndex
    let source: ByteSource
    let limits: ImageLimits
    /// The gallery's model, and the number of values of its vectors.
    let model: String
    let dimensions: Int
    /// The size of the network's input; queries are decoded for this size too, so that equal images get equal vectors.
    let inputSize: (width: Int, height: Int)
    /// How many pixels may be in decoding at once.
    let decoding: DecodingBudget
    /// Whether images can be embedded: true if the loaded model is the gallery's.
    let canEmbed: Bool
    /// Asked while an image is decoded; true ends the reading with `EmbedderError.cancelled`.
    let isCancelled: @Sendable () -> Bool

    /// The name by which people can find the item.
    func name(_ entry: BatchIndex.Entry, _ item: ManifestItem?) -> String? {
        switch entry {
        case .line, .row: item?.image.map { excerpt($0, length: IngestionLimits.nameBytes) }
        case .image(let name, _), .unlisted(let name): name
        }
    }

    /// Reads an entry; returns its name, and a candidate or a refusal.
    ///
    /// - Throws: `ContainerError` or `DigestError` if the body could not be read, `EmbedderError.cancelled`; a wrong item
    ///   does not throw.
    func read(_ entry: BatchIndex.Entry) throws -> (name: String?, result: Result<Candidate, ItemRefusal>) {
        var item: ManifestItem?
        do {
            let candidate: Candidate
            switch entry {
            case .unlisted: throw ItemRefusal(failure: .badMetadata, detail: "The manifest has no line for this file.")
            case .image(let name, let range):
                let market = MarketName(name)
                let found = ManifestItem(image: name, personID: market?.personID, cameraID: market?.cameraID)
                candidate = try imageCandidate(try bytes(range), found)
            case .line(let line):
                let found = try manifestItem(line, "Line \(line.number)")
                item = found
                candidate = try self.candidate(found, "Line \(line.number)")
            case .row(let row, let line):
                var found = try line.map { try manifestItem($0, "Row \(row)") } ?? ManifestItem()
                item = found
                guard let table = index.table else { preconditionFailure("a row without its table") }
                (found.embedding, found.model) = (try table.embedding(row, in: source), table.model)
                guard found.hasUsableEmbedding else {
                    throw ItemRefusal(
                        failure: .badMetadata, detail: "Row \(row) has an embedding that \(ManifestItem.unusable).")
                }
                candidate = try self.candidate(found, "Row \(row)")
            }
            guard candidate.item.embedding != nil || canEmbed else {
                throw ItemRefusal(
                    failure: .modelMismatch,
                    detail: "The gallery is bound to another model than is loaded, so images cannot be embedded.")
            }
            return (name(entry, item), .success(candidate))
        } catch let refusal as ItemRefusal {
            return (name(entry, item), .failure(refusal))
        }
    }

    /// The item that a line describes; `place` names it in a refusal.
    private func manifestItem(_ line: LineScanner.Line, _ place: String) throws -> ManifestItem {
        var limit = IngestionLimits.manifestLineBytes
        if index.style == .inline { limit += limits.bytes / 3 * 4 + 4 }
        guard line.range.count <= limit else {
            throw ItemRefusal(
                failure: .tooLarge,
                detail: "\(place) has \(line.range.count) bytes; the limit is \(limit).")
        }
        do {
            return try ManifestItem(line: try source.read(line.range), style: index.style)
        } catch let error as ManifestError {
            throw ItemRefusal(failure: .badMetadata, detail: "\(place) \(excerpt("\(error)", length: 500)).")
        }
    }

    private func candidate(_ item: ManifestItem, _ place: String) throws -> Candidate {
        var item = item
        do {
            item.embedding = try vector(item)
            if let image = item.image, index.style == .named {
                guard let range = index.file(image) else {
                    throw ItemRefusal(
                        failure: .badMetadata, detail: "there is no file \"\(excerpt(image))\" in the batch.")
                }
                return try imageCandidate(try bytes(range), item)
            }
            if let bytes = item.imageBytes {
                item.imageBytes = nil
                return try imageCandidate(bytes, item)
            }
            guard item.box == nil else {
                throw ItemRefusal(failure: .badMetadata, detail: "there is a box but no image.")
            }
            return Candidate(
                sha256: try Self.digest(of: item), content: nil, image: nil, size: nil, item: item)
        } catch let refusal as ItemRefusal {
            throw ItemRefusal(failure: refusal.failure, detail: "\(place): \(refusal.detail)")
        }
    }

    /// The item's vector, scaled to length 1; nil if it has none, and an error if it does not fit the gallery.
    private func vector(_ item: ManifestItem) throws(ItemRefusal) -> [Float]? {
        guard let embedding = item.embedding else { return nil }
        guard item.model == model else {
            throw ItemRefusal(
                failure: .modelMismatch,
                detail: "the vector comes from model \(excerpt(item.model ?? "")), the gallery's from \(model).")
        }
        guard embedding.count == dimensions else {
            throw ItemRefusal(
                failure: .modelMismatch,
                detail: "the vector has \(embedding.count) values, the gallery's have \(dimensions).")
        }
        let length = embedding.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return embedding.map { Float(Double($0) / length) }
    }

    private func bytes(_ range: Range<Int>) throws -> [UInt8] {
        guard range.count <= limits.bytes else {
            throw Self.refusal(.tooManyBytes(bytes: range.count, limit: limits.bytes))
        }
        return try source.read(range)
    }

    /// Decodes and crops an image, and decides which bytes are stored.
    ///
    /// The time of capture comes from EXIF if the item has none.
    ///
    /// Without a box, the uploaded bytes are stored unchanged. With a box, the crop is encoded: as PNG if the image was
    /// a PNG, else as JPEG of quality 95. The digest then covers the uploaded bytes and the box, so that it does not
    /// depend on the encoder.
    private func imageCandidate(_ bytes: [UInt8], _ item: ManifestItem) throws -> Candidate {
        var item = item
        if item.capturedAt == nil { item.capturedAt = captureTime(bytes).flatMap { Timestamp(rfc3339: $0) } }
        let (size, decoded) = try decode(bytes, covering: item.box == nil ? inputSize : nil)
        // An image that was decoded has a known format.
        let format = ImageFormat.sniff(bytes) ?? .jpeg
        guard let box = item.box else {
            return Candidate(
                sha256: try SHA256.hash(bytes), content: ImageContent(bytes: bytes, mediaType: format.rawValue),
                image: item.embedding == nil ? decoded : nil, size: size, item: item)
        }
        guard box.x + box.width <= decoded.width, box.y + box.height <= decoded.height else {
            throw ItemRefusal(
                failure: .badMetadata,
                detail:
                    "the box [\(box.x), \(box.y), \(box.width), \(box.height)] reaches beyond the image, which has "
                    + "\(decoded.width)×\(decoded.height) pixels.")
        }
        let crop = decoded.cropped(x: box.x, y: box.y, width: box.width, height: box.height)
        let encoded = format == .png ? try crop.png() : try crop.jpeg(quality: 95)
        var hasher = try SHA256Hasher()
        try hasher.update(bytes)
        try hasher.update(Array("box \(box.x) \(box.y) \(box.width) \(box.height)".utf8))
        return Candidate(
            sha256: try hasher.finish(), content: ImageContent(bytes: encoded, mediaType: format.rawValue),
            image: item.embedding == nil ? crop : nil, size: (crop.width, crop.height), item: item)
    }

    /// The size and the pixels of an image; waits until there is room for decoding.
    private func decode(
        _ bytes: [UInt8], covering target: (width: Int, height: Int)?
    ) throws -> (size: (width: Int, height: Int), image: RGBImage) {
        do {
            return try decoding.decode(bytes, limits: limits, covering: target, isCancelled: isCancelled)
        } catch let error as ImageError {
            throw Self.refusal(error)
        }
    }

    /// The digest of an item that is only a vector: that of the vector's bytes.
    private static func digest(of item: ManifestItem) throws -> [UInt8] {
        let values = (item.embedding ?? []).map { $0.bitPattern.littleEndian }
        let bytes = unsafe values.withUnsafeBytes { unsafe Array("vector ".utf8) + $0 }
        return try SHA256.hash(bytes)
    }

    /// The reason code and sentence for an image that cannot be decoded.
    private static func refusal(_ error: ImageError) -> ItemRefusal {
        let failure: ItemFailure =
            switch error {
            case .empty, .unsupportedFormat, .foreignFormat: .unsupportedFormat
            case .tooManyBytes, .tooLarge, .sideTooLong: .tooLarge
            case .corrupt, .notEncodable, .cancelled: .corruptImage
            }
        return ItemRefusal(failure: failure, detail: "\(error).")
    }
}
