public import Imaging
public import Tensors

/// Draws one attention map over an image.
///
/// Each map is stretched to its own range: its least attended place shows the darkened image, its most attended place
/// is warm red. So colors compare places within one map, not different maps.
public struct AttentionImage: Sendable {
    /// The share of color at the most attended place, in 0...1.
    public var strength: Float = 0.65

    /// A drawing with the default strength.
    public init() {}

    /// Returns `image` with the attention map number `branch` of `maps` [N, h, w] drawn over it.
    ///
    /// `branch` must be in 0..<N.
    public func draw(branch: Int, of maps: Tensor, over image: RGBImage) -> RGBImage {
        precondition(
            maps.shape.count == 3 && (0..<maps.shape[0]).contains(branch), "no branch \(branch) in \(maps.shape)")
        let (height, width) = (maps.shape[1], maps.shape[2])
        let map = stretched(Array(maps.elements[branch * height * width..<(branch + 1) * height * width]))
        var pixels = image.pixels
        for y in 0..<image.height {
            let (top, bottom, down) = neighbors(of: y, of: image.height, in: height)
            for x in 0..<image.width {
                let (left, right, across) = neighbors(of: x, of: image.width, in: width)
                let above = map[top * width + left] * (1 - across) + map[top * width + right] * across
                let below = map[bottom * width + left] * (1 - across) + map[bottom * width + right] * across
                let attention = above * (1 - down) + below * down
                let share = strength * attention
                let dim = (1 - share) * (0.45 + 0.55 * attention)
                let base = 3 * (y * image.width + x)
                for (channel, color) in warm(attention).enumerated() {
                    pixels[base + channel] = UInt8(min(255, Float(pixels[base + channel]) * dim + share * color))
                }
            }
        }
        return RGBImage(width: image.width, height: image.height, pixels: pixels)
    }

    private func stretched(_ map: [Float]) -> [Float] {
        guard let low = map.min(), let high = map.max(), high > low else { return map.map { _ in 0 } }
        return map.map { ($0 - low) / (high - low) }
    }

    /// The two map cells around pixel `position` of `count`, and the weight of the second one; cells have their centers
    /// where bilinear resizing puts them.
    private func neighbors(of position: Int, of count: Int, in cells: Int) -> (Int, Int, Float) {
        let center = (Float(position) + 0.5) * Float(cells) / Float(count) - 0.5
        let clamped = min(max(center, 0), Float(cells - 1))
        let first = Int(clamped)
        return (first, min(first + 1, cells - 1), clamped - Float(first))
    }

    /// A color from yellow at half attention to red at full attention.
    private func warm(_ attention: Float) -> [Float] {
        [255, 255 * min(1, max(0, 1.7 - 1.7 * attention)), 40]
    }
}
