internal import ArgumentParser
internal import CSPRModel
internal import Datasets
internal import Embedding
internal import Foundation
internal import Imaging
internal import Logging
internal import TensorFiles

extension ModelCommand {
    /// `reid model profile`: learns what a model gives for images of people, so that a service can warn of others.
    struct Profile: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Learn what a model gives for images of people, so that a service can warn of images unlike them.",
            discussion: """
                The folder has images of people like those that the model was made for, each of one person, also in folders in it;
                a quarter of the people, by Market-1501 style names, or else of the images, sets the limit. A service that serves
                NAME.safetensors uses NAME.profile.safetensors beside it.

                EXAMPLE:
                  reid model profile model.safetensors images/ --output model.profile.safetensors
                """)

        @Argument(help: "A weight file in the safetensors format.")
        var file: String

        @Argument(help: "The folder of images.")
        var folder: String

        @Option(help: "The profile to write; an existing file is kept unless --force is given.")
        var output: String

        @OptionGroup var outputOptions: OutputOptions

        mutating func run() throws {
            try outputOptions.check(output)
            let model = try ModelText.open(file)
            let images = try Self.images(in: folder)
            let needed = ModelProfile.leastImages(dimensions: model.dimensions)
            guard images.count >= needed else {
                throw CommandFailure(
                    "\(folder): \(ProfileError.tooFewImages(found: images.count, needed: needed))")
            }
            let vectors = try vectors(of: images, by: model)
            var parts: (fit: [[Float]], check: [[Float]]) = ([], [])
            for (number, (path, vector)) in zip(images, vectors).enumerated() {
                let group = MarketName((path as NSString).lastPathComponent)?.person ?? number
                if group.isMultiple(of: 4) { parts.check.append(vector) } else { parts.fit.append(vector) }
            }
            do {
                let profile = try ModelProfile(model: model.identity, fit: parts.fit, check: parts.check)
                try profile.write(to: output)
                print("\(output): from \(profile.images) images, limit \(String(format: "%.1f", profile.limit))")
            } catch {
                throw CommandFailure("\(output): \(error)")
            }
        }

        /// The paths of the JPEGs and PNGs in a folder and the folders in it, sorted.
        private static func images(in folder: String) throws -> [String] {
            guard let names = FileManager.default.enumerator(atPath: folder) else {
                throw CommandFailure("\(folder): no such folder")
            }
            return names.compactMap { $0 as? String }
                .filter { ["jpg", "jpeg", "png"].contains(($0 as NSString).pathExtension.lowercased()) }
                .sorted().map { folder + "/" + $0 }
        }

        private func vectors(of images: [String], by model: CSPRModel) throws -> [[Float]] {
            let embedder: Embedder
            do {
                embedder = try Embedder(
                    model: model, configuration: .init(),
                    logger: Logger(label: "reid") { _ in SwiftLogNoOpLogHandler() })
            } catch {
                throw CommandFailure("\(file): \(error)")
            }
            defer { embedder.stop() }
            let input = (width: embedder.preprocessing.width, height: embedder.preprocessing.height)
            var progress = ProgressBar("embedding")
            var vectors: [[Float]] = []
            for start in stride(from: 0, to: images.count, by: 32) {
                let chunk = try images[start..<min(start + 32, images.count)].map { path in
                    do { return embedder.prepare(try decodeImage(try readRegularFile(path), covering: input)) } catch {
                        throw CommandFailure("\(path): \(describe(error))")
                    }
                }
                do { vectors += try embedder.embed(chunk, priority: .enrollment).vectors } catch {
                    throw CommandFailure("\(file): \(error)")
                }
                progress.show(vectors.count, of: images.count)
            }
            progress.end()
            return vectors
        }
    }
}
