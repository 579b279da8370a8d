internal import Datasets
internal import Foundation
internal import Gallery

/// One line of a manifest: an image, and what is known about it.
struct ManifestItem: Sendable, Equatable {
    /// Where the images of a manifest's items are.
    enum Style: Sendable {
        /// In files that the manifest names: tar and multipart bodies.
        case named
        /// In the line itself, in base 64, unless it has an embedding: NDJSON bodies.
        case inline
        /// There are none: the lines belong to the rows of a tensor of embeddings.
        case rows
    }

    /// The image's file; without files only a label.
    var image: String?
    /// The client's own id for the image.
    var externalID: String?
    /// The person on the image.
    var personID: String?
    /// The camera that took the image.
    var cameraID: String?
    /// When.
    var capturedAt: Timestamp?
    /// The part of the image to enroll, after EXIF orientation; nil: all of it.
    var box: ImageBox?
    /// A feature vector that was computed elsewhere by `model`; it may have any length except 0.
    var embedding: [Float]?
    /// The identity of the model that computed `embedding`.
    var model: String?
    /// The image's encoded bytes.
    var imageBytes: [UInt8]?
}

extension ManifestItem {
    /// Reads one line strictly: a member that is not allowed in this style is an error that names it.
    ///
    /// A member that is null counts as absent. A repeated member, a comma before a closing bracket and another encoding
    /// than UTF-8 are errors.
    init(line: [UInt8], style: Style) throws(ManifestError) {
        if let fields = Fields(plain: line, style: style) {
            self = try fields.item(style)
            return
        }
        let fields: Fields
        try ManifestError.check(line)
        do {
            fields = try JSONDecoder().decode(Fields.self, from: Data(line), configuration: style)
        } catch let error as ManifestError {
            throw error
        } catch {
            throw .notAnObject
        }
        self = try fields.item(style)
    }

    /// Whether the embedding has a direction.
    var hasUsableEmbedding: Bool {
        embedding.map { $0.allSatisfy(\.isFinite) && $0.contains { $0 != 0 } } ?? false
    }

    /// What an embedding without a direction is.
    static let unusable = "is zero or not finite"
}

/// The members of a line, with checked types.
private struct Fields: DecodableWithConfiguration {
    private var image, externalID, personID, cameraID, capturedAt, model, imageBase64: String?
    private var box: ImageBox?
    private var embedding: [Float]?

    private static let inline = ["embedding", "model", "image_base64"]
    /// The members of lines that have no image.
    private static let ofRows = ManifestMembers.ofImages.filter { $0 != "box" }

    /// Reads a line that is written plainly; nil for any other, which may be right or wrong.
    init?(plain line: [UInt8], style: ManifestItem.Style) {
        let isInline = style == .inline
        let names = Self.ofRows + (isInline ? ["model", "image_base64"] : [])
        guard let members = PlainLine(line, names: names, takesEmbedding: isInline) else { return nil }
        image = members.texts["image"]
        externalID = members.texts["external_id"]
        personID = members.texts["person_id"]
        cameraID = members.texts["camera_id"]
        capturedAt = members.texts["captured_at"]
        model = members.texts["model"]
        imageBase64 = members.texts["image_base64"]
        embedding = members.embedding
    }

    init(from decoder: any Decoder, configuration style: ManifestItem.Style) throws {
        let members =
            switch style {
            case .named: try ManifestMembers(decoder, known: ManifestMembers.ofImages, others: Self.inline)
            case .inline: try ManifestMembers(decoder, known: ManifestMembers.ofImages + Self.inline)
            case .rows: try ManifestMembers(decoder, known: Self.ofRows)
            }
        image = try members.read("image", "a string")
        externalID = try members.read("external_id", "a string")
        personID = try members.read("person_id", "a string")
        cameraID = try members.read("camera_id", "a string")
        capturedAt = try members.read("captured_at", "a string")
        model = try members.read("model", "a string")
        imageBase64 = try members.read("image_base64", "a string")
        box = try members.box()
        embedding = try members.read("embedding", "an array of numbers")
    }

    func item(_ style: ManifestItem.Style) throws(ManifestError) -> ManifestItem {
        var item = ManifestItem()
        switch style {
        case .named:
            guard let image else { throw .missingMember("image") }
            guard !image.isEmpty else { throw .unacceptable(member: "image", reason: "is empty") }
            for (name, isPresent) in [
                ("embedding", embedding != nil), ("model", model != nil), ("image_base64", imageBase64 != nil),
            ] where isPresent {
                throw .unacceptable(member: name, reason: "is only for application/x-ndjson batches")
            }
            item.image = image
        case .inline:
            item.image = try identifier(image, "image")
            try readInline(into: &item)
        case .rows: item.image = try identifier(image, "image")
        }
        item.externalID = try identifier(externalID, "external_id")
        item.personID = try identifier(personID, "person_id")
        item.cameraID = try identifier(cameraID, "camera_id")
        if let capturedAt {
            guard let time = Timestamp(rfc3339: capturedAt) else {
                throw .unacceptable(member: "captured_at", reason: "is not an RFC 3339 time like 2026-11-22T10:00:00Z")
            }
            item.capturedAt = time
        }
        item.box = box
        return item
    }

    private func readInline(into item: inout ManifestItem) throws(ManifestError) {
        guard imageBase64 != nil || embedding != nil else { throw .missingMember("image_base64 or embedding") }
        if let imageBase64 {
            guard let bytes = Data(base64Encoded: imageBase64) else {
                throw .unacceptable(member: "image_base64", reason: "is not base 64")
            }
            item.imageBytes = [UInt8](bytes)
        }
        guard let embedding else {
            guard model == nil else { throw .unacceptable(member: "model", reason: "has no embedding beside it") }
            return
        }
        guard let model else { throw .missingMember("model, which an embedding needs") }
        (item.embedding, item.model) = (embedding, model)
        guard item.hasUsableEmbedding else {
            throw .unacceptable(member: "embedding", reason: ManifestItem.unusable)
        }
    }

    /// Checks a text that searches can filter by; manifests and searches allow the same texts.
    private func identifier(_ text: String?, _ member: String) throws(ManifestError) -> String? {
        guard let text else { return nil }
        guard TextLimits.allows(text) else {
            throw .wrongType(member: member, expected: TextLimits.expectation())
        }
        return text
    }
}

/// The parts of a manifest's line that can be read even if something else is wrong with the line.
struct ManifestImage: Decodable {
    /// The file that the line names.
    let name: String
    /// Whether the line has a person or a camera.
    let hasSighting: Bool

    private enum CodingKeys: String, CodingKey {
        case image
        case personID = "person_id"
        case cameraID = "camera_id"
    }

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        name = try members.decode(String.self, forKey: .image)
        hasSighting = try [.personID, .cameraID].contains { try members.contains($0) && !members.decodeNil(forKey: $0) }
    }

    /// Reads a line; nil if it does not name a file.
    static func read(_ line: [UInt8]) -> ManifestImage? { try? JSONDecoder().decode(Self.self, from: Data(line)) }
}
