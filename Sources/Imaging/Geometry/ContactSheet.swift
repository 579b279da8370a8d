/// Many images of one size in one image: rows from the top, each image with a gap to its right and below it.
public struct ContactSheet: Sendable {
    /// Images of a full row.
    private let columns: Int
    /// The size of every image, in pixels.
    private let tile: (width: Int, height: Int)
    /// Pixels between neighbors.
    private let gap: Int
    /// The gray of gaps and of places without an image.
    private let background: UInt8

    /// A sheet of `columns` images of the size `tile`, in pixels, on a gray of 0 (black) to 255 (white).
    ///
    /// Precondition: there is at least one column, and `tile` has at least one pixel.
    public init(columns: Int, tile: (width: Int, height: Int), gap: Int, background: UInt8) {
        precondition(columns > 0 && tile.width > 0 && tile.height > 0 && gap >= 0, "\(columns) columns of \(tile)")
        (self.columns, self.tile, self.gap, self.background) = (columns, tile, gap, background)
    }

    /// Draws `rows` below each other; a row may have fewer images than there are columns.
    ///
    /// Precondition: there is at least one row, no row has too many images, and every image has the size of a tile.
    public func drawn(_ rows: [[RGBImage]]) -> RGBImage {
        precondition(!rows.isEmpty && rows.allSatisfy { $0.count <= columns }, "rows of at most \(columns) images")
        let (stepX, stepY) = (tile.width + gap, tile.height + gap)
        let width = columns * stepX
        var pixels = [UInt8](repeating: background, count: 3 * width * rows.count * stepY)
        for (row, images) in rows.enumerated() {
            for (column, image) in images.enumerated() {
                precondition(
                    (image.width, image.height) == tile, "\(image.width)×\(image.height) pixels in a tile of \(tile)")
                for y in 0..<tile.height {
                    let start = 3 * ((row * stepY + y) * width + column * stepX)
                    pixels.replaceSubrange(
                        start..<start + 3 * tile.width,
                        with: image.pixels[3 * y * tile.width..<3 * (y + 1) * tile.width])
                }
            }
        }
        return RGBImage(width: width, height: rows.count * stepY, pixels: pixels)
    }
}
