internal import CSPRModel
internal import Datasets
internal import Imaging
internal import Tensors

/// Draws what the network's branches attend to.
struct AttentionSheet {
    private let executor: CSPRExecutor
    private let preprocessing: Preprocessing

    /// Nil if the network has no branches.
    init?(_ model: CSPRModel) throws(EvaluationError) {
        guard model.configuration.hasLocalBranch else { return nil }
        do { executor = try model.makeExecutor(batch: 1) } catch { throw .model(error) }
        preprocessing = Preprocessing(model.configuration)
    }

    /// For each image that can be decoded, a row: the image, then the image with the map of each branch over it.
    func rows(_ images: [TestImage]) throws(EvaluationError) -> [[EmbeddedImage]] {
        var rows: [[EmbeddedImage]] = []
        for image in images {
            let size = (width: preprocessing.width, height: preprocessing.height)
            guard let image = try? ImageLoader.decode(image, covering: size) else { continue }
            let output: CSPROutput
            do { output = try executor.run(preprocessing.prepare(image), count: 1, wants: .attention) } catch {
                throw .model(error)
            }
            guard let attention = output.attention else { continue }
            let maps = Tensor(shape: Array(attention.shape.dropFirst()), elements: attention.elements)
            // All images get the same size and proportions, as the network sees them.
            let height = EmbeddedImage.height
            let shown = image.resized(width: height * size.width / size.height, height: height)
            let drawn = (0..<maps.shape[0]).map { AttentionImage().draw(branch: $0, of: maps, over: shown) }
            rows.append(([shown] + drawn).compactMap { EmbeddedImage($0) })
        }
        return rows
    }
}
