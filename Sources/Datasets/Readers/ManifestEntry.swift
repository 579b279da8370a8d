/// A line of a folder's manifest, as for enrollment: the image's file and what is known about the image.
struct ManifestEntry: Decodable {
    static let known: Set = ["image", "external_id", "person_id", "camera_id", "captured_at", "box"]

    let image: String
    let person: String?
    let camera: String?
    let box: ImageBox?

    init(from decoder: any Decoder) throws {
        let members = try ManifestMembers(decoder, known: Self.known)
        let image: String = try members.require("image", "a string")
        let folders = image.split(separator: "/", omittingEmptySubsequences: false)
        guard !image.isEmpty, !image.hasPrefix("/"), !folders.contains("..") else {
            throw ManifestMembers.Fault(reason: "has an image that is not a file of the folder")
        }
        self.image = image
        person = try members.read("person_id", "a string")
        camera = try members.read("camera_id", "a string")
        for name in ["external_id", "captured_at"] { let _: String? = try members.read(name, "a string") }
        let sides: [Int]? = try members.read("box", "four integers [x, y, width, height]")
        guard let sides else {
            box = nil
            return
        }
        guard sides.count == 4, sides.allSatisfy({ 0..<(1 << 30) ~= $0 }), sides[2] > 0, sides[3] > 0 else {
            throw ManifestMembers.Fault(reason: "has a box that is not [x, y, width, height] with sides of at least 1")
        }
        box = ImageBox(x: sides[0], y: sides[1], width: sides[2], height: sides[3])
    }
}
