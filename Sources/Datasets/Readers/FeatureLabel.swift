/// Who a row of a matrix of features shows, and on which side of the search the row is.
public struct FeatureLabel: Sendable, Equatable {
    /// The sides of a search.
    public enum Side: String, Sendable, Decodable {
        case query, gallery
    }

    /// Whether the row is searched for or searched in.
    public let side: Side
    /// Who is seen, by numbers that stand for the manifest's names.
    public let sighting: Sighting
}

/// Reads the manifest of a matrix of features: a line for each row, in their order.
///
/// A line is as for enrollment, with `set` besides ("query" or "gallery"), and needs no `image`. `person_id` and `camera_id` must be
/// there, and may be integers: 7 is the name "7". Person -1 is junk, and 0 a distractor, as in Market-1501.
public func readFeatureLabels(contentsOf path: String) throws(DatasetError) -> [FeatureLabel] {
    var numbers = PeopleNumbers()
    return try readManifest(path, of: FeatureEntry.self, purpose: "a line for each row of features").map { entry in
        FeatureLabel(
            side: entry.side,
            sighting: Sighting(person: numbers.person(entry.person), camera: numbers.camera(entry.camera)))
    }
}

private struct FeatureEntry: Decodable {
    /// A string, or an integer as its digits.
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
        let members = try ManifestMembers(decoder, known: ManifestEntry.known.union(["set"]))
        func name(_ member: String) throws -> String {
            let name: Name = try members.require(member, "an integer or a string that is not empty")
            return name.text
        }
        side = try members.require("set", #""query" or "gallery""#)
        person = try name("person_id")
        camera = try name("camera_id")
    }
}
