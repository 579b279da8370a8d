extension RGBImage {
    /// A rectangle cut out of the image; its top left pixel is (`x`, `y`).
    ///
    /// Precondition: the rectangle has at least one pixel and lies within the image.
    public func cropped(x: Int, y: Int, width: Int, height: Int) -> RGBImage {
        precondition(
            x >= 0 && y >= 0 && width > 0 && height > 0 && x <= self.width - width && y <= self.height - height,
            "\(width)×\(height) at (\(x), \(y)) is not within \(self.width)×\(self.height)")
        var part = [UInt8]()
        part.reserveCapacity(width * height * 3)
        for row in y..<y + height {
            let start = (row * self.width + x) * 3
            part.append(contentsOf: pixels[start..<start + width * 3])
        }
        return RGBImage(width: width, height: height, pixels: part)
    }
}
