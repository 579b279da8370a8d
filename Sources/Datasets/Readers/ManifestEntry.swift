internal import Foundation

/// A line of a folder's manifest, as for enrollment: the image's file and what is known about the image.
struct ManifestEntry: Decodable {
    let image: String
    let person: String?
    let camera: String?
    let box: ImageBox?

    init(from decoder: any Decoder) throws {
        let members = try ManifestMembers(decoder, known: ManifestMembers.ofImages)
        let image: String = try members.require("image", "a string")
        let folders = image.split(separator: "/", omittingEmptySubsequences: false)
        guard !image.isEmpty, !image.hasPrefix("/"), !folders.contains("..") else {
            throw ManifestError.unacceptable(member: "image", reason: "is not a file of the folder")
        }
        self.image = image
        person = try members.read("person_id", "a string")
        camera = try members.read("camera_id", "a string")
        for name in ["external_id", "captured_at"] { let _: String? = try members.read(name, "a string") }
        box = try members.box()
    }
}

/// Reads a manifest: decodes one entry from each line that is not empty.
func readManifest<Entry: Decodable>(
    _ path: String, of type: Entry.Type, purpose: String
) throws(DatasetError) -> [Entry] {
    let decoder = JSONDecoder()
    var entries: [Entry] = []
    for line in try DatasetFolder.lines(ofFile: path, purpose: purpose) {
        do {
            try ManifestError.check(Array(line.text.utf8))
            entries.append(try decoder.decode(type, from: Data(line.text.utf8)))
        } catch {
            let fault = error as? ManifestError ?? .notAnObject
            throw .malformedLine(path: path, line: line.number, reason: "the line \(fault)")
        }
    }
    return entries
}
