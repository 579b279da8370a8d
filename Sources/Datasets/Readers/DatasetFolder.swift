internal import Foundation

/// A folder that exists.
struct DatasetFolder {
    let path: String

    /// The endings of image files' names.
    private static let endings: Set<String> = ["jpg", "jpeg", "png", "bmp"]

    init(_ path: String, purpose: String = "the data set") throws(DatasetError) {
        guard Self.isFolder(path) else { throw .noFolder(path: path, purpose: purpose) }
        self.path = path
    }

    /// A folder inside this one.
    func folder(_ name: String, purpose: String) throws(DatasetError) -> DatasetFolder {
        try DatasetFolder("\(path)/\(name)", purpose: purpose)
    }

    /// The first folder of these names that exists inside this one, or else this folder.
    func folder(firstOf names: [String]) -> DatasetFolder {
        for name in names {
            if let found = try? folder(name, purpose: "images") { return found }
        }
        return self
    }

    func hasFolder(_ name: String) -> Bool { Self.isFolder("\(path)/\(name)") }

    func hasFile(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    /// The names of the entries in the folder, sorted.
    func names() throws(DatasetError) -> [String] {
        do { return try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }

    /// The images in the folder, sorted by name; `parse` reads a label from each name.
    ///
    /// `expected` is an example of a valid name for the error message.
    func images<Label>(
        expected: String, _ parse: (String) -> Label?
    ) throws(DatasetError) -> [(path: String, label: Label)] {
        var images: [(path: String, label: Label)] = []
        for name in try names() where Self.isImage(name) {
            guard let label = parse(name) else {
                throw .unreadableName(folder: path, name: name, expected: expected)
            }
            images.append(("\(path)/\(name)", label))
        }
        guard !images.isEmpty else { throw .noImages(folder: path, expected: expected) }
        return images
    }

    /// The lines of a text file in the folder, without empty lines, each with its number, counted from 1.
    func lines(of name: String, purpose: String) throws(DatasetError) -> [(number: Int, text: Substring)] {
        try Self.lines(ofFile: "\(path)/\(name)", purpose: purpose)
    }

    /// The lines of any text file, without empty lines, each with its number, counted from 1.
    ///
    /// A byte order mark at the start of the file is skipped.
    static func lines(ofFile path: String, purpose: String) throws(DatasetError) -> [(number: Int, text: Substring)] {
        guard FileManager.default.fileExists(atPath: path) else { throw .noFile(path: path, purpose: purpose) }
        var text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
        if text.unicodeScalars.first == "\u{FEFF}" { text.unicodeScalars.removeFirst() }
        return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
            .map { (number: $0 + 1, text: $1) }
            .filter { !$0.text.allSatisfy(\.isWhitespace) }
    }

    /// The path of an image that a list names.
    func image(_ name: String, list: String) throws(DatasetError) -> String {
        guard hasFile(name) else { throw .missingImage(path: "\(path)/\(name)", list: list) }
        return "\(path)/\(name)"
    }

    /// Whether a file's name is that of an image; false for hidden files.
    static func isImage(_ name: String) -> Bool { isImage(name, endings: endings) }

    /// Whether a file's name has one of `endings`; false for hidden files.
    static func isImage(_ name: String, endings: Set<String>) -> Bool {
        guard let dot = name.lastIndex(of: "."), !name.hasPrefix(".") else { return false }
        return endings.contains(name[name.index(after: dot)...].lowercased())
    }

    /// Whether there is a folder at `path`.
    static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

extension StringProtocol {
    /// The value of a text that consists only of digits; nil for other texts.
    var digits: Int? { utf8.allSatisfy { 0x30...0x39 ~= $0 } ? Int(self) : nil }
}
