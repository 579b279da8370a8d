import Foundation
import Testing

/// The documents name files of the source tree; a renamed file must be renamed there too.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let catalog = "Sources/ReIDService/Documentation.docc"

    /// README, everything in the catalog and the other pages, as paths from the root.
    static let documents: [String] =
        ["README.md", ".github/CONTRIBUTING.md", "Sources/CDefaultWeights/model-card.md"]
        + files(in: catalog).filter { $0.hasSuffix(".md") }.map { "\(catalog)/\($0)" }

    private static func files(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? []
    }

    private func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: Self.root.appending(path: path).path)
    }

    /// The paths that a document names: from the root, from `Sources`, or relative to the document's own folder.
    private func paths(in document: String) throws -> [String] {
        let text = try String(contentsOf: Self.root.appending(path: document), encoding: .utf8)
        let folder = (document as NSString).deletingLastPathComponent
        let modules = Set(Self.files(in: "Sources"))
        let words = text.split { $0.isWhitespace || "`()[]<>\"',;:|*!".contains($0) }
        return words.compactMap { word in
            let path = word.hasSuffix(".") ? String(word.dropLast()) : String(word)
            guard let first = path.split(separator: "/", omittingEmptySubsequences: false).first, path.contains("/")
            else { return nil }
            // A version of the protocol is no file of the module.
            if path.hasPrefix("HTTP/1") { return nil }
            switch first {
            case "Sources", "Tests", "Public", "deploy", ".github": return path
            case "..": return "\(folder)/\(path)"
            default: return modules.contains(String(first)) ? "Sources/\(path)" : nil
            }
        }
    }

    @Test(arguments: documents)
    func `every file that a document names exists`(document: String) throws {
        let missing = try paths(in: document).filter { !exists($0) }
        #expect(missing.isEmpty, "\(document) names files that do not exist: \(missing)")
    }

    @Test func `the documents name the files that a reader follows`() throws {
        #expect(try paths(in: "README.md").count > 20)
        #expect(try paths(in: "\(Self.catalog)/Architecture.md").count > 30)
    }
}
