extension RGBImage {
    /// The image as a baseline JPEG.
    ///
    /// - Parameters:
    ///   - quality: libjpeg's scale, 1...100; 90 is hard to tell from the original.
    ///   - halvesColor: Whether color is stored at half the resolution (4:2:0) or at full resolution (4:4:4).
    /// - Returns: The bytes of the file.
    /// - Throws: `notEncodable` for a side of more than 65,500 pixels.
    public func jpeg(quality: Int = 90, halvesColor: Bool = true) throws(ImageError) -> [UInt8] {
        try encodeJPEG(self, quality: quality, halvesColor: halvesColor)
    }

    /// The image as an 8-bit RGB PNG, which loses nothing.
    ///
    /// - Returns: The bytes of the file.
    /// - Throws: `notEncodable` for a side of more than 1,000,000 pixels.
    public func png() throws(ImageError) -> [UInt8] {
        try encodePNG(self)
    }
}
