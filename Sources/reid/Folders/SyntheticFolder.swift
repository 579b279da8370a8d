internal import Dispatch
internal import Foundation
internal import Imaging
internal import Synchronization
internal import Synthesis

/// Renders the images of a plan on all cores, and writes them; existing files are kept.
struct SyntheticFolder {
    let folder: String
    let world: SyntheticPeople
    let plan: MarketPlan
    /// The size of every image; nil: as the cameras stored them.
    let size: (width: Int, height: Int)?
    /// Whether people are drawn.
    var showsPeople = true

    private struct Progress: ~Copyable {
        var next = 0
        var written = 0
        var kept = 0
        var failure: String?
        var bar = ProgressBar("rendering")
    }

    /// Renders the images that are missing, or as many of them as it can before `isStopped` returns true.
    ///
    /// - Returns: The number of files that were written, and of those that existed before.
    /// - Throws: `CommandFailure` with the first file that could not be written; the others are kept.
    func write(isStopped: @Sendable () -> Bool) throws -> (written: Int, kept: Int) {
        for name in Set(plan.images.map(\.folder)).sorted() {
            do {
                try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
            } catch {
                throw CommandFailure("\(folder)/\(name): \(describe(error))")
            }
        }
        let progress = Mutex(Progress())
        DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in
            var maker = ImageMaker(world)
            maker.showsPeople = showsPeople
            while !isStopped(), let image = progress.withLock({ take(&$0) }) {
                let outcome = Result { try make(image, &maker) }
                progress.withLock { record(outcome, image, &$0) }
            }
        }
        return try progress.withLock { progress in
            progress.bar.end()
            if let failure = progress.failure { throw CommandFailure(failure) }
            return (progress.written, progress.kept)
        }
    }

    private func take(_ progress: inout Progress) -> MarketPlan.Image? {
        guard progress.failure == nil, progress.next < plan.images.count else { return nil }
        progress.next += 1
        return plan.images[progress.next - 1]
    }

    private func record(_ outcome: Result<Bool, any Error>, _ image: MarketPlan.Image, _ progress: inout Progress) {
        switch outcome {
        case .success(let isNew):
            if isNew { progress.written += 1 } else { progress.kept += 1 }
        case .failure(let error):
            progress.failure = progress.failure ?? "\(folder)/\(image.folder)/\(image.name): \(describe(error))"
        }
        progress.bar.show(progress.written + progress.kept, of: plan.images.count)
    }

    /// Writes one image; false if it exists.
    private func make(_ image: MarketPlan.Image, _ maker: inout ImageMaker) throws -> Bool {
        try maker.keepImage(
            person: image.person, camera: image.camera, sighting: image.sighting, size: size,
            at: "\(folder)/\(image.folder)/\(image.name)")
    }
}

extension ImageMaker {
    /// Writes one sighting as a JPEG file, at `size` or as the camera stored it; false if the file exists.
    ///
    /// A file is complete or absent, even if the program is killed.
    mutating func keepImage(
        person: Int, camera: Int, sighting: Int, size: (width: Int, height: Int)? = nil, at path: String
    ) throws -> Bool {
        guard !FileManager.default.fileExists(atPath: path) else { return false }
        var image = image(person: person, camera: camera, sighting: sighting)
        if let size { image = image.resized(width: size.width, height: size.height) }
        try Data(image.jpeg(quality: 92)).write(to: URL(fileURLWithPath: path), options: .atomic)
        return true
    }
}
