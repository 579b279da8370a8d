public import CSPRModel
public import Embedding
internal import Foundation
internal import Gallery
internal import Imaging
internal import Logging

/// A network that is loaded, and what is known of it.
public struct Network: Sendable {
    /// The network.
    public let model: CSPRModel
    /// What it gives for images of people; nil: it is not known.
    public let profile: ModelProfile?
    /// Turns images into its vectors.
    public let embedder: Embedder

    /// Joins the parts, which are of one model.
    public init(model: CSPRModel, profile: ModelProfile?, embedder: Embedder) {
        self.model = model
        self.profile = profile
        self.embedder = embedder
    }

    /// The size of its input.
    var inputSize: (width: Int, height: Int) {
        (width: embedder.preprocessing.width, height: embedder.preprocessing.height)
    }

    /// Whether the vector of an image is beyond the limit of the model's profile; false if there is none.
    func isUnfamiliar(_ vector: [Float]) -> Bool { profile.map { !$0.isFamiliar(vector) } ?? false }

    /// Embeds images that nobody waits for; waits while the embedder is overloaded.
    ///
    /// - Parameters:
    ///   - images: the images.
    ///   - isCancelled: asked in between; true ends the work with `EmbedderError.cancelled`.
    /// - Returns: the vector of each image; nil for one for which the network gives no usable vector.
    /// - Throws: `EmbedderError`.
    func embed(_ images: [RGBImage], isCancelled: @escaping @Sendable () -> Bool) throws -> [[Float]?] {
        guard !images.isEmpty else { return [] }
        while true {
            do {
                return try embedder.embed(images, priority: .enrollment, isCancelled: isCancelled).vectors
            } catch .unusableVector {
                // Which one it is, each alone shows.
                return images.count == 1 ? [nil] : try images.flatMap { try embed([$0], isCancelled: isCancelled) }
            } catch {
                guard case .overloaded = error, !isCancelled() else { throw error }
                Thread.sleep(forTimeInterval: 0.1)
            }
        }
    }

    /// The reasons to doubt what these vectors of images find, about the model and about images unlike those of people.
    func warnings(about vectors: [[Float]]) -> [String] {
        let doubts = vectors.enumerated().filter { isUnfamiliar($0.element) }.map { index, _ in
            Warning.unfamiliar(vectors.count == 1 ? "The image" : "Image \(index + 1) of \(vectors.count)")
        }
        return (Warning.about(model) ?? []) + doubts
    }
}

extension ServiceContext {
    /// The loaded network with this identity; nil: it is not loaded.
    func network(of model: String) -> Network? {
        [network, previous].compactMap { $0 }.first { $0.model.identity == model }
    }

    /// Whether the images of a gallery must be embedded with the served model before it can be searched without the previous one.
    func needsReembedding(_ gallery: GallerySummary) -> Bool { gallery.model != model.identity }

    /// Says in the log which galleries have vectors of another model than the served one.
    func tellWhatNeedsReembedding() {
        for gallery in store.galleries() where needsReembedding(gallery) {
            logger.warning(
                "a gallery needs re-embedding: reid galleries reembed \(gallery.name)",
                metadata: [
                    "gallery": "\(gallery.name)", "images": "\(gallery.images)", "model": "\(gallery.model)",
                    "searchable": "\(network(of: gallery.model) != nil)",
                ])
        }
    }
}
