/// The label of one row of features: who it shows, and whether it is a query or a gallery image.
public struct FeatureLabel: Sendable, Equatable {
    /// The two sides of a search.
    public enum Side: String, Sendable, Decodable {
        case query, gallery
    }

    /// Whether the row is a query or a gallery image.
    public let side: Side
    /// Person and camera, as numbers that stand for the manifest's names.
    public let sighting: Sighting
}

/// Reads the manifest of a matrix of features: one line for each row, in the order of the rows.
///
/// A line has the members of a line for enrollment, and `set` ("query" or "gallery"); `image` may be absent.
/// `person_id` and `camera_id` are required and may be integers: 7 is the same name as "7". Person -1 is junk, and 0 a
/// distractor, as in Market-1501.
public func readFeatureLabels(contentsOf path: String) throws(DatasetError) -> [FeatureLabel] {
    var numbers = PeopleNumbers()
    return try readManifest(path, of: FeatureEntry.self, purpose: "a line for each row of features").map { entry in
        FeatureLabel(
            side: entry.side,
            sighting: Sighting(person: numbers.person(entry.person), camera: numbers.camera(entry.camera)))
    }
}

private struct FeatureEntry: Decodable {
    /// A name: a string, or an integer, which becomes its digits.
    private struct Name: Decodable {
        let text: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let number = try? value.decode(Int.self) {
                text = "\(number)"
                return
            }
            text = try value.decode(String.self)
            guard !text.isEmpty else {
                throw DecodingError.dataCorruptedError(in: value, debugDescription: "a name is empty")
            }
        }
    }

    let side: FeatureLabel.Side
    let person: String
    let camera: String

    init(from decoder: any Decoder) throws {
        let members = try ManifestMembers(decoder, known: ManifestMembers.ofImages + ["set"])
        func name(_ member: String) throws -> String {
            let name: Name = try members.require(member, "an integer or a string that is not empty")
            return name.text
        }
        side = try members.require("set", #""query" or "gallery""#)
        person = try name("person_id")
        camera = try name("camera_id")
    }
}
