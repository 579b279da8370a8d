internal import ArgumentParser
internal import Foundation
internal import Gallery
internal import ReIDService

/// `reid restore`: puts a backup into a data folder that no service uses.
struct RestoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a backup into a data folder, while no service runs on it.",
        discussion: """
            The backup is copied and checked before it gets its place: its SHA-256, if BACKUP.sha256 is there, and every page. A
            damaged file, one of a newer version and one of another program are refused. The next start brings an older
            database up to date and makes the index anew. The weights are not in a backup: copy model.safetensors too.

            EXAMPLE:
              reid restore /srv/reid/backups/2026-11-22.sqlite --data /srv/restored

            \(Reid.exitCodes)
            """)

    @Argument(help: "The backup.")
    var backup: String

    @Option(help: "The data folder; created if it is missing.")
    var data: String

    @Flag(help: "Move a database that is there aside, to a name with the time.")
    var force = false

    mutating func run() throws {
        guard FileManager.default.fileExists(atPath: backup) else { throw CommandFailure("\(backup): no such file") }
        let folder = DataFolder(data)
        do {
            try FileManager.default.createDirectory(
                atPath: folder.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let restored = try Restoration(of: backup, to: folder.database, replaces: force)
            let contents = restored.contents
            print(
                Terminal.facts([
                    ("database", folder.database), ("galleries", "\(contents.galleries)"),
                    ("images", "\(contents.images)"), ("embeddings", "\(contents.embeddings)"),
                    ("audit rows", "\(contents.auditRows)"), ("audit digest", contents.auditDigest),
                    ("replaced", restored.replaced ?? "-"),
                ]))
        } catch let error as GalleryError {
            switch error {
            case .alreadyThere(let path): throw CommandFailure("\(path) is there already; --force moves it aside")
            case .locked: throw CommandFailure("a service runs on \(folder.path); stop it first")
            default: throw CommandFailure("\(error)")
            }
        } catch {
            throw CommandFailure("\(folder.path): \(describe(error))")
        }
    }
}
