internal import Foundation

/// The folders into which backups may be written.
struct BackupFolders: Sendable {
    /// The folders' paths, absolute and without links.
    private let folders: [String]

    /// The folders of a configuration.
    init(_ configuration: Service.Configuration) {
        let named = configuration.jobs.backupFolders
        folders = (named.isEmpty ? [configuration.folder.backups] : named).map(Self.resolved)
    }

    /// What a path must be.
    static let expectation = "an absolute path such as /srv/backups/reid.sqlite"

    /// Whether a text is an absolute path in its plain form.
    static func isPlain(_ path: String) -> Bool {
        let names = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return path.hasPrefix("/") && !names.contains { ["", ".", ".."].contains($0) }
    }

    /// What the path of a backup must be, if it is not; nil: it may be written, unless there is something already.
    func complaint(about path: String) -> String? {
        guard Self.isPlain(path) else { return Self.expectation }
        let folder = (path as NSString).deletingLastPathComponent
        var isFolder: ObjCBool = false
        let isThere = unsafe FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder)
        let place = Self.resolved(folder)
        guard isThere, isFolder.boolValue, folders.contains(where: { place == $0 || place.hasPrefix($0 + "/") }) else {
            return "in a folder that exists, inside " + folders.joined(separator: " or ")
        }
        return nil
    }

    private static func resolved(_ path: String) -> String {
        URL(filePath: path, directoryHint: .isDirectory).resolvingSymlinksInPath().standardizedFileURL.path(
            percentEncoded: false
        )
        .trimmingSuffix("/")
    }
}

extension String {
    /// The text without these characters at its end, as long as something is left.
    fileprivate func trimmingSuffix(_ end: Character) -> String {
        var text = self
        while text.count > 1, text.last == end { text.removeLast() }
        return text
    }
}
