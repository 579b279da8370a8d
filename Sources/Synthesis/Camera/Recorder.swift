internal import Imaging
internal import Randomness

/// How a camera's video is compressed, and how boxes are stored.
struct Recorder {
    /// JPEG quality of the video, 1...100, and whether color has half the resolution.
    let quality: Int
    let halvesColor: Bool
    /// The height to which every stored box is scaled, and its width over its height; 0: boxes are stored as they were
    /// cut.
    let rows: Int
    let aspect: Float

    init(_ random: inout SeededGenerator) {
        quality = Int(
            random.pick(weighted: [random.number(26...50): 1.4, random.number(50...80): 5, random.number(80...97): 4]))
        halvesColor = random.chance(0.8)
        rows = random.pick(weighted: [128: 5, 0: 4, 160: 1, 256: 1])
        aspect = random.pick([0.5, 0.5, 0.375, 0.4])
    }

    /// The image after compression.
    func encoded(_ image: RGBImage, _ random: inout SeededGenerator) -> RGBImage {
        let quality = min(98, max(12, self.quality + Int(random.normal() * 5)))
        // Neither fails: the image is far below a JPEG's limits, and its encoding can be decoded.
        guard let file = try? image.jpeg(quality: quality, halvesColor: halvesColor),
            let decoded = try? decodeImage(file)
        else { return image }
        return decoded
    }

    /// The box at the size in which it is stored.
    func stored(_ image: RGBImage) -> RGBImage {
        rows == 0 ? image : image.resized(width: Int(Float(rows) * aspect), height: rows)
    }
}
