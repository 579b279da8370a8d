internal import ArgumentParser
internal import CSPRModel
internal import Embedding
internal import Foundation
internal import Imaging
internal import Logging
internal import TensorFiles
internal import Tensors

/// `reid embed`: computes embeddings of images or tensors, without a service.
struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Compute feature vectors of images, or every output of the network for a tensor.",
        discussion: """
            A JSON line for each image: {"path": ..., "feature": [...]}. An image that cannot be read is reported on
            standard error, the others are still done, and the exit code is 1.

            EXAMPLE:
              reid embed a.jpg b.png
              reid embed --model model.safetensors --tensor in.safetensors --output out.safetensors
            """)

    @Option(help: "A weight file; absent: the built-in weights.")
    var model: String?

    @Option(help: "A safetensors file with `image` [B, 3, H, W], float32, already normalized.")
    var tensor: String?

    @Option(
        help: """
            Where --tensor's outputs go: attention, raw, global, local, feature; a file that exists is kept unless --force is given.
            """)
    var output: String?

    @OptionGroup var outputOptions: OutputOptions

    @Argument(help: "Images, JPEG or PNG.")
    var images: [String] = []

    func validate() throws {
        guard (tensor == nil) == (output == nil) else { throw ValidationError("--tensor and --output go together") }
        guard (tensor == nil) != images.isEmpty else { throw ValidationError("give either images or --tensor") }
    }

    mutating func run() throws {
        try outputOptions.check(output)
        let network = try ModelText.open(orBuiltIn: model)
        let title = model ?? DefaultWeights.title
        if let tensor, let output { return try embed(tensor: tensor, into: output, with: network) }
        var failed = 0
        let embedder: Embedder
        do {
            embedder = try Embedder(
                model: network, configuration: .init(), logger: Logger(label: "reid") { _ in SwiftLogNoOpLogHandler() })
        } catch {
            throw CommandFailure("\(title): \(error)")
        }
        defer { embedder.stop() }
        let chunk = 16
        let input = (width: embedder.preprocessing.width, height: embedder.preprocessing.height)
        for start in stride(from: 0, to: images.count, by: chunk) {
            let images = images[start..<min(start + chunk, images.count)].compactMap { path -> (String, RGBImage)? in
                do {
                    return (path, try decodeImage(try readRegularFile(path), covering: input))
                } catch {
                    Terminal.complain("reid: \(path): \(describe(error))")
                    failed += 1
                    return nil
                }
            }
            let vectors: [[Float]]
            do {
                vectors = try embedder.embed(images.map(\.1), priority: .enrollment).vectors
            } catch {
                throw CommandFailure("\(title): \(error)")
            }
            for ((path, _), feature) in zip(images, vectors) {
                try Terminal.printJSON(Line(path: path, feature: feature))
            }
        }
        if failed > 0 { throw CommandFailure("\(failed) of \(images.count) images could not be embedded") }
    }

    private struct Line: Encodable {
        let path: String
        let feature: [Float]
    }

    private func embed(tensor path: String, into output: String, with network: CSPRModel) throws {
        let images: Tensor
        do { images = try SafetensorsFile(contentsOf: path).floats("image") } catch {
            throw CommandFailure("\(path): \(error)")
        }
        let expected = [3, network.configuration.height, network.configuration.widthPixels]
        guard images.shape.count == 4, Array(images.shape.dropFirst()) == expected, images.shape[0] > 0 else {
            throw CommandFailure(
                "\(path): `image` is \(images.shape), the network takes [B, \(expected.map(String.init).joined(separator: ", "))] with B of at least 1"
            )
        }
        guard images.elements.allSatisfy(\.isFinite) else {
            throw CommandFailure("\(path): `image` has a value that is not finite")
        }
        do {
            let result = try outputs(of: network, for: images)
            try SafetensorsWriter.write(
                result.map { ($0, .floats($1)) }, metadata: ["model": network.identity], to: output)
        } catch {
            throw CommandFailure("\(output): \(error)")
        }
    }

    /// Every named output for all images, in batches of at most eight.
    private func outputs(of network: CSPRModel, for images: Tensor) throws -> [(String, Tensor)] {
        let count = images.shape[0]
        let size = images.elements.count / count
        setOpenMPThreads(ProcessInfo.processInfo.activeProcessorCount)
        let executor = try network.makeExecutor(batch: min(count, 8))
        var names: [String] = []
        var parts: [String: Tensor] = [:]
        for start in stride(from: 0, to: count, by: executor.batch) {
            let end = min(start + executor.batch, count)
            let output = try executor.run(
                Array(images.elements[start * size..<end * size]), count: end - start, wants: .all)
            let named: [(String, Tensor?)] = [
                ("attention", output.attention), ("raw", output.raw), ("global", output.global),
                ("local", output.local),
                ("feature", output.feature),
            ]
            for case (let name, let part?) in named {
                if let earlier = parts[name] {
                    parts[name] = Tensor(
                        shape: [earlier.shape[0] + part.shape[0]] + part.shape.dropFirst(),
                        elements: earlier.elements + part.elements)
                } else {
                    names.append(name)
                    parts[name] = part
                }
            }
        }
        return names.compactMap { name in parts[name].map { (name, $0) } }
    }
}

/// An error as one readable line, without the file's path; errors of the file system get the system's message.
func describe(_ error: any Error) -> String {
    if let error = error as? FileError { return error.reason }
    if let error = error as? CocoaError { return error.localizedDescription }
    return "\(error)"
}
