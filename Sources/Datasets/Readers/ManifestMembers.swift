internal import Foundation

/// The members of a manifest's line, read strictly: an unknown member is an error that names it, and null counts as
/// absent.
struct ManifestMembers {
    /// What is wrong with a line; the reader of the file adds the line's number.
    struct Fault: Error {
        let reason: String
    }

    private struct Member: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let members: KeyedDecodingContainer<Member>

    init(_ decoder: any Decoder, known: Set<String>) throws {
        members = try decoder.container(keyedBy: Member.self)
        let unknown = members.allKeys.map(\.stringValue).filter { !known.contains($0) }.min()
        if let unknown { throw Fault(reason: "has the unknown member \"\(unknown)\"") }
    }

    func read<Value: Decodable>(_ name: String, _ expected: String) throws -> Value? {
        do {
            return try members.decodeIfPresent(Value.self, forKey: Member(stringValue: name))
        } catch {
            throw Fault(reason: "has a \(name) that is not \(expected)")
        }
    }

    func require<Value: Decodable>(_ name: String, _ expected: String) throws -> Value {
        guard let value: Value = try read(name, expected) else { throw Fault(reason: "lacks \(name)") }
        return value
    }
}

/// Reads a manifest: decodes one entry from each line that is not empty.
func readManifest<Entry: Decodable>(
    _ path: String, of type: Entry.Type, purpose: String
) throws(DatasetError) -> [Entry] {
    let decoder = JSONDecoder()
    var entries: [Entry] = []
    for line in try DatasetFolder.lines(ofFile: path, purpose: purpose) {
        do { entries.append(try decoder.decode(type, from: Data(line.text.utf8))) } catch {
            let reason = (error as? ManifestMembers.Fault)?.reason ?? "is not a JSON object"
            throw .malformedLine(path: path, line: line.number, reason: "the line \(reason)")
        }
    }
    return entries
}
