internal import ArgumentParser
internal import Foundation
internal import ReIDService

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// `reid enroll`: enrolls a folder or a tar through the API of a running service.
struct EnrollCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Enroll a folder or a tar of images through a running service.",
        discussion: """
            A folder is sent as a tar. Its metadata come from `manifest.ndjson` where there is one, else from
            Market-1501 style names (0002_c1s1_000451_03.jpg), else from person/camera_anything.jpg. A batch that the
            service has accepted goes on by itself; interrupting this command does not stop it.

            EXAMPLE:
              reid enroll images/ --gallery lobby --create --token-file data/admin-token
              reid enroll images.tar --gallery lobby --json
            """)

    @Argument(help: "A folder or a tar file.")
    var source: String

    @Option(help: "The gallery.")
    var gallery: String

    @Option(help: "The admin listener.")
    var admin = "http://127.0.0.1:8081"

    @Option(help: "The file with the admin token.")
    var tokenFile = "data/admin-token"

    @Flag(help: "Create the gallery where it is missing.")
    var create = false

    @Flag(help: "Print the finished batch as JSON.")
    var json = false

    mutating func run() throws {
        let client = try APIClient(base: admin, token: try Admin.token(in: tokenFile))
        guard FileManager.default.fileExists(atPath: source) else {
            throw CommandFailure("\(source): no such file or folder")
        }
        let isFolder = try URL(fileURLWithPath: source).resourceValues(forKeys: [.isDirectoryKey]).isDirectory ?? false
        let packed = isFolder ? try FolderPacker(folder: source).pack() : nil
        defer { if let packed { try? FileManager.default.removeItem(at: packed) } }
        if create {
            _ = try client.send(client.request("PUT", ["admin", "v1", "galleries", gallery]), as: GalleryName.self)
        }
        var request = client.request("POST", ["admin", "v1", "galleries", gallery, "batches"])
        request.setValue("application/x-tar", forHTTPHeaderField: "Content-Type")
        let file = packed ?? URL(fileURLWithPath: source)
        var batch = try client.send(request, body: .file(file), as: BatchState.self)
        var progress = ProgressBar("enrolling")
        while !batch.isOver {
            progress.show(batch.done, of: batch.received ?? 0, note: "\(batch.failed) failed")
            Thread.sleep(forTimeInterval: 0.25)
            batch = try client.send(client.request("GET", ["admin", "v1", "batches", batch.id]), as: BatchState.self)
        }
        progress.show(batch.done, of: batch.received ?? 0, note: "\(batch.failed) failed")
        progress.end()
        if json {
            try Terminal.printJSON(batch)
        } else {
            print(
                "\(batch.id) \(batch.state): \(batch.enrolled) enrolled, \(batch.duplicate) duplicate, \(batch.failed) failed"
            )
        }
        if batch.failed > 0 && !json { try listFailures(of: batch.id, client) }
        guard batch.state == "completed" && batch.failed == 0 else {
            throw CommandFailure(
                "\(batch.failed) of \(batch.done) items failed; batch \(batch.id) is \(batch.state)")
        }
    }

    private struct GalleryName: Decodable {
        let name: String
    }

    private func listFailures(of batch: String, _ client: APIClient) throws {
        struct Items: Decodable {
            struct Item: Decodable {
                let image: String?
                let reason: String?
                let detail: String?
            }
            let items: [Item]
        }
        let query = [URLQueryItem(name: "state", value: "failed"), URLQueryItem(name: "limit", value: "20")]
        let failed = try client.send(
            client.request("GET", ["admin", "v1", "batches", batch, "items"], query: query), as: Items.self)
        for item in failed.items {
            Terminal.complain("  \(item.image ?? "?"): \(item.reason ?? "failed") \(item.detail ?? "")")
        }
    }
}

/// The members of a batch that the command line needs.
struct BatchState: Codable {
    let id: String
    let state: String
    /// The number of items; nil until the service has counted them.
    let received: Int?
    let enrolled: Int
    let duplicate: Int
    let failed: Int

    var done: Int { enrolled + duplicate + failed }
    var isOver: Bool { ["completed", "cancelled", "failed"].contains(state) }
}

/// The admin listener's credentials.
enum Admin {
    /// The token in `path`, without the line end.
    static func token(in path: String) throws -> String {
        do {
            return try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        } catch {
            throw CommandFailure("\(path): \(describe(error)) (the service prints the path of its token at start)")
        }
    }
}
