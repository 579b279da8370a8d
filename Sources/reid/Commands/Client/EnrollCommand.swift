internal import ArgumentParser
internal import Foundation
internal import Gallery
internal import HTTP
internal import ReIDService

/// `reid enroll`: enrolls a folder or a file through the API of a running service.
struct EnrollCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Enroll a folder or a tar of images, or embeddings, through a running service.",
        discussion: """
            A folder is sent as a tar. Its metadata comes from `manifest.ndjson` if there is one, else from
            Market-1501 style names (0002_c1s1_000451_03.jpg), else from person/camera_anything.jpg. A file is sent as it
            is: embeddings if its name ends in .safetensors, lines if it ends in .ndjson, else a tar. The batch's id is
            told once the service has accepted it; from then on the batch goes on by itself, whatever becomes of this
            command, and `reid batches` watches and cancels it.

            EXAMPLE:
              reid enroll images/ --gallery lobby --create --token-file data/admin-token
              reid enroll images.tar --gallery lobby --json
              reid enroll images.tar --gallery lobby --no-wait
              reid enroll embeddings.safetensors --gallery lobby

            \(Reid.exitCodes)
            """)

    @Argument(help: "A folder, a tar, or a file of embeddings or lines.")
    var source: String

    @Option(help: "The gallery.")
    var gallery: String

    @OptionGroup var listener: AdminListener

    @Flag(help: "Create the gallery if it is missing.")
    var create = false

    @Flag(help: "Return once the service has accepted the batch.")
    var noWait = false

    @Flag(help: "Print the batch as JSON.")
    var json = false

    mutating func run() throws {
        let stop = StopSignals()
        let client = try listener.client(stop: stop)
        var batch: BatchAnswer
        do {
            batch = try send(by: client)
        } catch  where stop.hasArrived {
            throw stop.interruption(
                "the service has not confirmed the batch; `reid batches list` shows whether it was accepted")
        }
        if noWait { return try show(batch) }
        Terminal.complain("batch \(batch.id)")
        var progress = ProgressBar("enrolling")
        while !batch.isOver {
            progress.show(batch.done, of: batch.received ?? 0, note: "\(batch.failed) failed")
            Thread.sleep(forTimeInterval: 0.25)
            guard !stop.hasArrived else {
                progress.end()
                throw stop.interruption(
                    "batch \(batch.id) continues in the service; `reid batches show \(batch.id)` shows its progress")
            }
            batch = try client.send(client.request("GET", ["admin", "v1", "batches", batch.id]))
        }
        progress.show(batch.done, of: batch.received ?? 0, note: "\(batch.failed) failed")
        progress.end()
        try show(batch)
        if batch.failed > 0 && !json { try listFailures(of: batch.id, client) }
        guard batch.state == "completed" && batch.failed == 0 else {
            throw CommandFailure(
                "\(batch.failed) of \(batch.done) items failed; batch \(batch.id) is \(batch.state)")
        }
    }

    /// Packs what is to be enrolled, and sends it to the service, which answers with the batch.
    private func send(by client: APIClient) throws -> BatchAnswer {
        guard FileManager.default.fileExists(atPath: source) else {
            throw CommandFailure("\(source): no such file or folder")
        }
        let isFolder = try URL(fileURLWithPath: source).resourceValues(forKeys: [.isDirectoryKey]).isDirectory ?? false
        let packed = isFolder ? try FolderPacker(folder: source).pack() : nil
        defer { if let packed { try? FileManager.default.removeItem(at: packed) } }
        if create { try client.exchange(client.request("PUT", ["admin", "v1", "galleries", gallery])) }
        var request = try client.request("POST", ["admin", "v1", "galleries", gallery, "batches"])
        request.add("Content-Type", mediaType)
        return try client.send(request, body: .file(path: packed?.path ?? source))
    }

    /// The media type of the body.
    private var mediaType: String {
        switch (source as NSString).pathExtension.lowercased() {
        case "safetensors": "application/vnd.safetensors"
        case "ndjson", "jsonl": "application/x-ndjson"
        default: "application/x-tar"
        }
    }

    private func show(_ batch: BatchAnswer) throws {
        if json { return try Terminal.printJSON(batch) }
        print(
            "\(batch.id) \(batch.state): \(batch.enrolled) enrolled, \(batch.duplicate) duplicate, \(batch.failed) failed"
        )
        for warning in batch.warnings ?? [] { Terminal.complain("warning: \(warning)") }
    }

    private func listFailures(of batch: String, _ client: APIClient) throws {
        let query = [("state", ItemState.failed.rawValue), ("limit", "20")]
        let failed = try client.send(
            client.request("GET", ["admin", "v1", "batches", batch, "items"], query: query),
            as: ListAnswer<BatchItemAnswer>.self)
        for item in failed.items {
            Terminal.complain("  \(item.image ?? "?"): \(item.reason ?? "failed") \(item.detail ?? "")")
        }
    }
}

extension BatchAnswer {
    /// The number of items that are finished.
    var done: Int { enrolled + duplicate + failed }

    /// Whether the batch is finished, with or without success.
    var isOver: Bool { BatchState(rawValue: state)?.isFinal ?? false }
}
