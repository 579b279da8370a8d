public import CSPRModel
public import Datasets
public import Imaging
internal import Tensors

/// Draws what the network's branches attend to.
public struct AttentionRows {
    /// The height of every image, in pixels.
    public static let height = 192

    private let executor: CSPRExecutor
    private let preprocessing: Preprocessing

    /// Nil if the network has no branches.
    public init?(_ model: CSPRModel) throws(EvaluationError) {
        guard model.configuration.hasLocalBranch else { return nil }
        do { executor = try model.makeExecutor(batch: 1) } catch { throw .model(error) }
        preprocessing = Preprocessing(model.configuration)
    }

    /// The width of every image, in pixels: as the network sees them.
    public var width: Int { preprocessing.width * Self.height / preprocessing.height }

    /// For each image that can be decoded, a row: the image, then the image with the map of each branch over it, all of one size.
    ///
    /// - Throws: `EvaluationError.model` if the network fails.
    public func drawn(_ images: [TestImage]) throws(EvaluationError) -> [[RGBImage]] {
        var rows: [[RGBImage]] = []
        for image in images {
            let size = (width: preprocessing.width, height: preprocessing.height)
            // Images that cannot be decoded are reported by the code that embeds them.
            guard let image = try? ImageLoader.decode(image, covering: size) else { continue }
            let output: CSPROutput
            do { output = try executor.run(preprocessing.prepare(image), count: 1, wants: .attention) } catch {
                throw .model(error)
            }
            guard let attention = output.attention else { continue }
            let maps = Tensor(shape: Array(attention.shape.dropFirst()), elements: attention.elements)
            let shown = image.resized(width: width, height: Self.height)
            rows.append([shown] + (0..<maps.shape[0]).map { AttentionImage().draw(branch: $0, of: maps, over: shown) })
        }
        return rows
    }
}
