internal import Dispatch
internal import Foundation
internal import Imaging
internal import Synchronization
internal import Synthesis

/// Writes the pictures of a plan, on every core; files that are there are kept.
struct SyntheticFolder {
    let folder: String
    let world: SyntheticPeople
    let plan: MarketPlan
    /// Of every picture; absent: as the cameras stored them.
    let size: (width: Int, height: Int)?

    private struct Progress: ~Copyable {
        var next = 0
        var written = 0
        var kept = 0
        var failure: String?
        var bar = ProgressBar("rendering")
    }

    /// Makes what is missing.
    ///
    /// - Returns: How many files were written, and how many were there before.
    /// - Throws: `CommandFailure` with the first file that could not be written; the others are kept.
    func write() throws -> (written: Int, kept: Int) {
        for name in Set(plan.pictures.map(\.folder)).sorted() {
            do {
                try FileManager.default.createDirectory(atPath: folder + "/" + name, withIntermediateDirectories: true)
            } catch {
                throw CommandFailure("\(folder)/\(name): \(describe(error))")
            }
        }
        let progress = Mutex(Progress())
        DispatchQueue.concurrentPerform(iterations: ProcessInfo.processInfo.activeProcessorCount) { _ in
            var maker = PictureMaker(world)
            while let picture = progress.withLock({ take(&$0) }) {
                let outcome = Result { try make(picture, &maker) }
                progress.withLock { record(outcome, picture, &$0) }
            }
        }
        return try progress.withLock { progress in
            progress.bar.end()
            if let failure = progress.failure { throw CommandFailure(failure) }
            return (progress.written, progress.kept)
        }
    }

    private func take(_ progress: inout Progress) -> MarketPlan.Picture? {
        guard progress.failure == nil, progress.next < plan.pictures.count else { return nil }
        progress.next += 1
        return plan.pictures[progress.next - 1]
    }

    private func record(_ outcome: Result<Bool, any Error>, _ picture: MarketPlan.Picture, _ progress: inout Progress) {
        switch outcome {
        case .success(let isNew):
            if isNew { progress.written += 1 } else { progress.kept += 1 }
        case .failure(let error):
            progress.failure = progress.failure ?? "\(folder)/\(picture.folder)/\(picture.name): \(describe(error))"
        }
        progress.bar.show(progress.written + progress.kept, of: plan.pictures.count)
    }

    /// Writes one picture; false where it is there.
    private func make(_ picture: MarketPlan.Picture, _ maker: inout PictureMaker) throws -> Bool {
        try maker.keepPicture(
            person: picture.person, camera: picture.camera, sighting: picture.sighting, size: size,
            at: "\(folder)/\(picture.folder)/\(picture.name)")
    }
}

extension PictureMaker {
    /// Writes one sighting as a JPEG file, at `size` or as the camera stored it; false where there is a file.
    ///
    /// A file is whole or absent, whenever the program is stopped.
    mutating func keepPicture(
        person: Int, camera: Int, sighting: Int, size: (width: Int, height: Int)? = nil, at path: String
    ) throws -> Bool {
        guard !FileManager.default.fileExists(atPath: path) else { return false }
        var image = picture(person: person, camera: camera, sighting: sighting)
        if let size { image = image.resized(width: size.width, height: size.height) }
        try Data(image.jpeg(quality: 92)).write(to: URL(fileURLWithPath: path), options: .atomic)
        return true
    }
}
