internal import Dispatch
internal import Foundation
internal import Gallery
internal import Glibc
internal import Imaging
internal import ReIDService
internal import Synchronization
internal import Synthesis

/// Fills a folder, and prints the figures of a service on it.
///
/// The figures are of a process of its own, whose memory holds nothing of the filling.
///
/// - Parameters:
///   - fill: The folder, and what it shall hold.
///   - erases: Whether to erase 1,000 images and those of one camera too.
/// - Throws: Why a request or a process failed.
func fillBenchmark(_ fill: ScaleFill, erases: Bool) throws {
    if try fill.fill() {
        let process = Process()
        process.executableURL = URL(
            fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
        process.arguments = Array(CommandLine.arguments.dropFirst())
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw LoadError.unexpectedReply("the figures failed") }
        return
    }
    try printFigures(of: fill, erases: erases)
}

private func printFigures(of fill: ScaleFill, erases: Bool) throws {
    var maker = ImageMaker(SyntheticPeople(seed: 0xBE7C))
    let image = try maker.image(person: 1, camera: 1, sighting: 1).jpeg(quality: 92)
    let start = ContinuousClock.now
    let service = try fill.open()
    defer { service.stop(grace: .zero) }
    let client = try ScaleClient(service)
    try client.checkReady()
    let ready = (ContinuousClock.now - start) / .seconds(1)
    let first = try client.search(image)
    let next = try (0..<20).map { _ in try client.search(image) }
    let images = try service.context.store.gallery(ScaleFill.gallery).images
    func mebibytes(_ path: String) -> String { String(format: "%.0f MiB", Double(bytes(at: path)) / 1_048_576) }
    let database = fill.folder + "/reid.sqlite"
    var lines = [
        ["images", "\(images)"], ["database", mebibytes(database)], ["index", mebibytes(database + ".index")],
        ["from start to ready", String(format: "%.2f s", ready)],
        ["first re-ranked answer, with its embedding", milliseconds(first)],
        ["the next 20, median and worst", milliseconds(next.sorted()[9]) + ", " + milliseconds(next.max() ?? 0)],
        ["resident memory", "\(Report.memory("VmRSS")), \(Report.memory("RssAnon")) of it not from files"],
    ]
    if erases { lines += try erasureFigures(fill, service.context.store, client, image) }
    Report.table(lines)
    print(Report.machine)
}

/// Erases images, and waits until they are wiped from the disk, while another thread searches.
private func erasureFigures(
    _ fill: ScaleFill, _ store: GalleryStore, _ client: ScaleClient, _ image: [UInt8]
) throws -> [[String]] {
    // The camera's first thousand images are spread over the gallery's first rows.
    let last = ScaleFill.time(ofRow: min(1_000 * fill.cameras, fill.rows) - 1).rfc3339
    let filters = [
        "camera=\(ScaleFill.camera(1))&captured_to=\(last)", "camera=\(ScaleFill.camera(fill.cameras - 1))",
    ]
    return try filters.map { filter in
        let searches = BackgroundSearches(client, image)
        // A search runs already when the erasure begins.
        Thread.sleep(forTimeInterval: 0.2)
        let start = ContinuousClock.now
        let answer = try client.admin("DELETE", "/images?" + filter)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try store.finishWiping()
        let wiped = (ContinuousClock.now - start) / .seconds(1)
        let times = try searches.stop()
        let erased = try JSONDecoder().decode(ErasureAnswer.self, from: Data(answer)).erased
        return [
            "erasing \(erased) images",
            milliseconds(seconds) + ", wiped from the disk after " + String(format: "%.1f s", wiped)
                + ", the worst of \(times.count) searches meanwhile " + milliseconds(times.max() ?? 0),
        ]
    }
}

/// Searches one after another on a thread of their own, until they are stopped.
private final class BackgroundSearches: Sendable {
    private let result = Mutex<Result<[Double], any Error>>(.success([]))
    private let isOver = Atomic(false)
    private let group = DispatchGroup()

    init(_ client: ScaleClient, _ image: [UInt8]) {
        DispatchQueue.global().async(group: group) { [self] in
            let found = Result {
                var seconds: [Double] = []
                repeat { seconds.append(try client.search(image)) } while !isOver.load(ordering: .acquiring)
                return seconds
            }
            result.withLock { $0 = found }
        }
    }

    /// Ends the searches after the present one; returns the seconds of each.
    func stop() throws -> [Double] {
        isOver.store(true, ordering: .releasing)
        group.wait()
        return try result.withLock { $0 }.get()
    }
}

private func milliseconds(_ seconds: Double) -> String { String(format: "%.1f ms", seconds * 1e3) }

/// The bytes of a file, or of all files in a folder; files with holes count with what they take on the disk.
private func bytes(at path: String) -> Int {
    let files = FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String } ?? []
    return ([path] + files.map { path + "/" + $0 }).reduce(0) { sum, file in
        var facts = stat()
        return unsafe stat(file, &facts) == 0 ? sum + Int(facts.st_blocks) * 512 : sum
    }
}
