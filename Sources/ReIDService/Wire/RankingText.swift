internal import Gallery
internal import HTTP
internal import HTTPTypes

extension RankingAnswer {
    /// The ranking as JSON text with sorted members, byte for byte as `jsonBytes` writes it.
    ///
    /// A generic encoder takes a tenth of the time that a search has beside the network, nearly all of it for the results.
    /// So these are written here, and an encoder writes the rest.
    var text: [UInt8] {
        get throws {
            var frame = self
            frame.results = []
            let text = try jsonBytes(frame)
            // Inside a text, quotation marks are escaped, so this stands only once.
            let place = Array(#""results":["#.utf8)
            guard !results.isEmpty,
                let start = (0..<text.count).first(where: { text[$0] == place[0] && text[$0...].starts(with: place) })
            else { return text }
            var writer = JSONWriter(text: Array(text[..<(start + place.count)]))
            for (index, result) in results.enumerated() {
                if index > 0 { writer.text.append(UInt8(ascii: ",")) }
                writer.write(result)
            }
            return writer.text + text[(start + place.count)...]
        }
    }

    /// The answer with this ranking.
    func response(fields: HTTPFields = [:]) throws -> ServerResponse {
        .json(text: try text, fields: fields)
    }
}

/// Writes results as JSON text, members in alphabetical order.
private struct JSONWriter {
    var text: [UInt8]

    mutating func write(_ result: RankingResult) {
        text.append(UInt8(ascii: "{"))
        member("camera_id", result.cameraID, isFirst: true)
        member("captured_at", result.capturedAt?.rfc3339)
        member("distance", number: result.distance)
        member("external_id", result.externalID)
        if let count = result.imageCount { member("image_count", raw: String(count)) }
        member("image_id", result.imageID)
        member("image_url", result.imageURL)
        if let images = result.images {
            name("images", isFirst: false)
            list(images) { $0.write($1) }
        }
        member("name", result.name)
        member("person_id", result.personID)
        member("probability", number: result.probability)
        member("rank", raw: String(result.rank))
        member("reranked_distance", number: result.rerankedDistance)
        member("similarity", number: result.similarity)
        if let vector = result.vector {
            name("vector", isFirst: false)
            list(vector) { $0.number($1) }
        }
        text.append(UInt8(ascii: "}"))
    }

    private mutating func write(_ image: PersonImage) {
        text.append(UInt8(ascii: "{"))
        member("camera_id", image.cameraID, isFirst: true)
        member("captured_at", image.capturedAt?.rfc3339)
        member("distance", number: image.distance)
        member("image_id", image.imageID)
        member("image_url", image.imageURL)
        member("name", image.name)
        member("probability", number: image.probability)
        member("reranked_distance", number: image.rerankedDistance)
        text.append(UInt8(ascii: "}"))
    }

    private mutating func list<Element>(_ elements: [Element], _ write: (inout JSONWriter, Element) -> Void) {
        text.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            write(&self, element)
        }
        text.append(UInt8(ascii: "]"))
    }

    private mutating func name(_ name: StaticString, isFirst: Bool) {
        if !isFirst { text.append(UInt8(ascii: ",")) }
        text.append(UInt8(ascii: "\""))
        name.withUTF8Buffer { unsafe text.append(contentsOf: $0) }
        text.append(UInt8(ascii: "\""))
        text.append(UInt8(ascii: ":"))
    }

    private mutating func member(_ name: StaticString, _ value: String?, isFirst: Bool = false) {
        self.name(name, isFirst: isFirst)
        guard let value else { return text.append(contentsOf: "null".utf8) }
        string(value)
    }

    private mutating func member(_ name: StaticString, raw value: String) {
        self.name(name, isFirst: false)
        text.append(contentsOf: value.utf8)
    }

    private mutating func member(
        _ name: StaticString, number value: (some BinaryFloatingPoint & CustomStringConvertible)?
    ) {
        self.name(name, isFirst: false)
        guard let value else { return text.append(contentsOf: "null".utf8) }
        number(value)
    }

    /// The shortest digits that give the same number back; a whole number without ".0".
    private mutating func number(_ value: some BinaryFloatingPoint & CustomStringConvertible) {
        precondition(value.isFinite, "distances and probabilities are finite")
        let digits = value.description
        text.append(contentsOf: (digits.hasSuffix(".0") ? digits.dropLast(2) : digits[...]).utf8)
    }

    /// RFC 8259, section 7: quotation marks, backslashes and control characters are escaped.
    private mutating func string(_ value: String) {
        text.append(UInt8(ascii: "\""))
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0x08: text.append(contentsOf: #"\b"#.utf8)
            case 0x09: text.append(contentsOf: #"\t"#.utf8)
            case 0x0A: text.append(contentsOf: #"\n"#.utf8)
            case 0x0C: text.append(contentsOf: #"\f"#.utf8)
            case 0x0D: text.append(contentsOf: #"\r"#.utf8)
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                text.append(contentsOf: (#"\u00"# + (digits.count < 2 ? "0" : "") + digits).utf8)
            default: text.append(byte)
            }
        }
        text.append(UInt8(ascii: "\""))
    }
}
