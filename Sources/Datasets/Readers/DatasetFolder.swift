internal import Foundation

/// A folder that is there.
struct DatasetFolder {
    let path: String

    /// Endings of picture files.
    private static let endings: Set<String> = ["jpg", "jpeg", "png", "bmp"]

    init(_ path: String, purpose: String = "the data set") throws(DatasetError) {
        guard Self.isFolder(path) else { throw .noFolder(path: path, purpose: purpose) }
        self.path = path
    }

    /// A folder within.
    func folder(_ name: String, purpose: String) throws(DatasetError) -> DatasetFolder {
        try DatasetFolder("\(path)/\(name)", purpose: purpose)
    }

    /// The first of these folders that there is within, or this one.
    func folder(firstOf names: [String]) -> DatasetFolder {
        for name in names {
            if let found = try? folder(name, purpose: "pictures") { return found }
        }
        return self
    }

    func hasFolder(_ name: String) -> Bool { Self.isFolder("\(path)/\(name)") }

    func hasFile(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    /// The names within, in order.
    func names() throws(DatasetError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }

    /// The pictures within, in the order of their names, each as `parse` reads its name.
    ///
    /// `expected` shows a name that can be read.
    func pictures<Label>(
        expected: String, _ parse: (String) -> Label?
    ) throws(DatasetError) -> [(path: String, label: Label)] {
        var pictures: [(path: String, label: Label)] = []
        for name in try names() where Self.isPicture(name) {
            guard let label = parse(name) else {
                throw .unreadableName(folder: path, name: name, expected: expected)
            }
            pictures.append(("\(path)/\(name)", label))
        }
        guard !pictures.isEmpty else { throw .noPictures(folder: path, expected: expected) }
        return pictures
    }

    /// The lines of a text file within, without empty ones, each with its number from 1.
    func lines(of name: String, purpose: String) throws(DatasetError) -> [(number: Int, text: Substring)] {
        try Self.lines(ofFile: "\(path)/\(name)", purpose: purpose)
    }

    /// The lines of a text file anywhere, without empty ones, each with its number from 1.
    static func lines(ofFile path: String, purpose: String) throws(DatasetError) -> [(number: Int, text: Substring)] {
        guard FileManager.default.fileExists(atPath: path) else { throw .noFile(path: path, purpose: purpose) }
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            .map { (number: $0 + 1, text: $1) }
            .filter { !$0.text.allSatisfy(\.isWhitespace) }
    }

    /// The path of a picture that a list names.
    func picture(_ name: String, list: String) throws(DatasetError) -> String {
        guard hasFile(name) else { throw .missingPicture(path: "\(path)/\(name)", list: list) }
        return "\(path)/\(name)"
    }

    static func isPicture(_ name: String) -> Bool {
        guard let dot = name.lastIndex(of: "."), !name.hasPrefix(".") else { return false }
        return endings.contains(name[name.index(after: dot)...].lowercased())
    }

    private static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

extension StringProtocol {
    /// The number that the text is, of digits alone.
    var digits: Int? { utf8.allSatisfy { 0x30...0x39 ~= $0 } ? Int(self) : nil }
}
