internal import Datasets
internal import Foundation
internal import Imaging

/// An image in an HTML file, as a data URI.
struct EmbeddedImage {
    /// The height of images in a report, in pixels.
    static let height = AttentionRows.height

    private let jpeg: [UInt8]

    /// Encodes an image, reduced if it is higher than `height`; nil if its sides are too long for JPEG.
    init?(_ image: RGBImage) {
        let height = min(image.height, Self.height)
        let width = max(1, (image.width * height + image.height / 2) / image.height)
        guard let jpeg = try? image.resized(width: width, height: height).jpeg(quality: 82) else { return nil }
        self.jpeg = jpeg
    }

    /// Reads an image; nil if it cannot be decoded.
    init?(_ image: TestImage) {
        let size = (width: Self.height / 3, height: Self.height)
        guard let image = try? ImageLoader.decode(image, covering: size) else { return nil }
        self.init(image)
    }

    /// The HTML element, with `text` as its description.
    func element(_ text: String) -> String {
        "<img alt=\"\(text.escaped)\" src=\"data:image/jpeg;base64,\(Data(jpeg).base64EncodedString())\">"
    }
}
