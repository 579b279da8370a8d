internal import NeuralNetwork
public import Tensors

/// The views of an image are the inputs that the network computes for it: the image, and its mirror image if the model
/// needs it.
extension CSPRModel {
    /// Views of one image: 1 or 2.
    public var viewsPerImage: Int { isMirrored ? 2 : 1 }

    /// The views of one prepared image, [3, H, W]; the first is the image itself.
    public func views(of image: [Float]) -> [[Float]] {
        isMirrored ? [image, mirrored(image, width: configuration.widthPixels)] : [image]
    }

    /// The unit feature vector of an image: the mean of its views' embeddings, scaled to length 1.
    ///
    /// - Parameter embeddings: A row of `CSPROutput.embeddings` for each view.
    /// - Returns: `dimensions` values.
    public func feature(ofViews embeddings: [[Float]]) -> [Float] {
        precondition(
            embeddings.count == viewsPerImage, "\(embeddings.count) views instead of \(viewsPerImage) of an image")
        let center = embeddings.dropFirst().reduce(embeddings[0], mean)
        return normalizeRows(Tensor(shape: [1, center.count], elements: center)).elements
    }

}

/// Whether a feature vector has length 1, within the precision of float32; false for zero and for values that are not
/// finite, with which nothing can be compared.
@inlinable
public func isUnit(_ vector: some Sequence<Float>) -> Bool {
    abs(vector.reduce(0) { $0 + Double($1) * Double($1) } - 1) < 1e-4
}

extension CSPROutput {
    /// Global and local embedding one after the other, before they are scaled to length 1: [b, G + N·D].
    public var embeddings: Tensor {
        guard let local else { return global }
        let (a, b) = (global.shape[1], local.shape[1])
        var elements: [Float] = []
        elements.reserveCapacity(global.count + local.count)
        for row in 0..<global.shape[0] {
            elements += global.elements[row * a..<(row + 1) * a]
            elements += local.elements[row * b..<(row + 1) * b]
        }
        return Tensor(shape: [global.shape[0], a + b], elements: elements)
    }
}

/// Images, row-major with rows of `width` values, with left and right exchanged.
func mirrored(_ images: [Float], width: Int) -> [Float] {
    precondition(width > 0 && images.count.isMultiple(of: width), "\(images.count) values are not rows of \(width)")
    return unsafe [Float](unsafeUninitializedCapacity: images.count) { output, filled in
        unsafe images.withUnsafeBufferPointer { images in
            for row in stride(from: 0, to: images.count, by: width) {
                for column in 0..<width { unsafe output[row + column] = images[row + width - 1 - column] }
            }
        }
        filled = images.count
    }
}

/// (left + right) / 2, value by value.
func mean(_ left: [Float], _ right: [Float]) -> [Float] {
    zip(left, right).map { ($0 + $1) / 2 }
}
