/// A line of a folder's manifest, as for enrolment: the picture's file and what is known of it.
struct ManifestEntry: Decodable {
    /// Why a line is none.
    struct Fault: Error {
        let reason: String
    }

    private struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private static let known: Set = ["image", "external_id", "person_id", "camera_id", "captured_at", "box"]

    let image: String
    let person: String?
    let camera: String?
    let box: PictureBox?

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        let unknown = members.allKeys.map(\.stringValue).filter { !Self.known.contains($0) }.min()
        if let unknown { throw Fault(reason: "has the unknown member \"\(unknown)\"") }
        func read<Value: Decodable>(_ name: String, _ expected: String) throws -> Value? {
            do {
                return try members.decodeIfPresent(Value.self, forKey: Member(stringValue: name))
            } catch {
                throw Fault(reason: "has a \(name) that is not \(expected)")
            }
        }
        guard let image: String = try read("image", "a string") else { throw Fault(reason: "lacks image") }
        let folders = image.split(separator: "/", omittingEmptySubsequences: false)
        guard !image.isEmpty, !image.hasPrefix("/"), !folders.contains("..") else {
            throw Fault(reason: "has an image that is not a file of the folder")
        }
        self.image = image
        person = try read("person_id", "a string")
        camera = try read("camera_id", "a string")
        for name in ["external_id", "captured_at"] { let _: String? = try read(name, "a string") }
        let sides: [Int]? = try read("box", "four integers [x, y, width, height]")
        guard let sides else {
            box = nil
            return
        }
        guard sides.count == 4, sides.allSatisfy({ 0..<(1 << 30) ~= $0 }), sides[2] > 0, sides[3] > 0 else {
            throw Fault(reason: "has a box that is not [x, y, width, height] with sides of at least 1")
        }
        box = PictureBox(x: sides[0], y: sides[1], width: sides[2], height: sides[3])
    }
}
