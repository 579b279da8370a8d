public import Imaging

/// How an image becomes the network's input; the same for serving, evaluation and training.
///
/// Pixels are resized (bilinear, antialiased), scaled to 0...1, then normalized per channel with ImageNet's mean and
/// standard deviation: (RGB / 255 − mean) / deviation.
public struct Preprocessing: Sendable, Equatable {
    /// Rows of the network's input.
    public let height: Int
    /// Columns of the network's input.
    public let width: Int
    /// Mean of red, green and blue, in 0...1.
    public static let mean: [Float] = [0.485, 0.456, 0.406]
    /// Standard deviation of red, green and blue, in 0...1.
    public static let deviation: [Float] = [0.229, 0.224, 0.225]

    /// Input of `height` rows and `width` columns.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// The input size of a model.
    public init(_ configuration: CSPRConfiguration) {
        self.init(height: configuration.height, width: configuration.widthPixels)
    }

    /// Floats of one prepared image, 3·H·W.
    public var count: Int { 3 * height * width }

    /// The network's input for one image: planes [3, H, W], red first.
    public func prepare(_ image: RGBImage) -> [Float] {
        let pixels = image.resized(width: width, height: height).pixels
        let plane = height * width
        precondition(pixels.count == 3 * plane, "\(pixels.count) values of \(plane) pixels")
        return unsafe [Float](unsafeUninitializedCapacity: 3 * plane) { planes, count in
            unsafe pixels.withUnsafeBufferPointer { pixels in
                for channel in 0..<3 {
                    let scale = 1 / (255 * Self.deviation[channel])
                    let shift = -Self.mean[channel] / Self.deviation[channel]
                    for index in 0..<plane {
                        unsafe planes[channel * plane + index] = Float(pixels[3 * index + channel]) * scale + shift
                    }
                }
            }
            count = 3 * plane
        }
    }
}
