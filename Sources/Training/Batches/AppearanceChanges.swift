internal import Randomness

/// Changes of a whole image or of a part that a network should not depend on: cameras differ in them, people do not.
///
/// All work on values in 0...1, planar [3, height, width].
extension Augmentation {
    /// Mixes the color channels, as a camera with other color filters would.
    ///
    /// x' = (1 − m)·x + m·R·x with m in 0...`mixing`; the rows of R sum to 1, so that gray stays gray.
    func mixChannels(_ pixels: UnsafeMutablePointer<Float>, count: Int, using random: inout SeededGenerator) {
        let share = uniform(0, mixing, &random)
        var matrix: [Float] = []
        for row in 0..<3 {
            let weights = (0..<3).map { _ in uniform(0, 1, &random) }
            let sum = max(weights[0] + weights[1] + weights[2], 1e-6)
            matrix += (0..<3).map { ($0 == row ? 1 - share : 0) + share * weights[$0] / sum }
        }
        for index in 0..<count {
            let (red, green, blue) = unsafe (pixels[index], pixels[count + index], pixels[2 * count + index])
            for row in 0..<3 {
                unsafe pixels[row * count + index] =
                    matrix[3 * row] * red + matrix[3 * row + 1] * green + matrix[3 * row + 2] * blue
            }
        }
    }

    /// Sets all channels of the given part to the luma (ITU-R BT.601, as in JPEG).
    func loseColors(
        _ pixels: UnsafeMutablePointer<Float>, height: Int, width: Int, rows: Range<Int>, columns: Range<Int>
    ) {
        let count = height * width
        for row in rows {
            for index in row * width + columns.lowerBound..<row * width + columns.upperBound {
                let luma =
                    unsafe 0.299 * pixels[index] + 0.587 * pixels[count + index] + 0.114
                    * pixels[2 * count + index]
                for channel in 0..<3 { unsafe pixels[channel * count + index] = luma }
            }
        }
    }

    /// Shows the image as a camera that is far away would: as means over cells of 1.5 to 4 pixels a side, interpolated.
    func coarsen(
        _ pixels: UnsafeMutablePointer<Float>, height: Int, width: Int, using random: inout SeededGenerator
    ) {
        let cell = uniform(1.5, 4, &random)
        let rows = max(1, Int((Float(height) / cell).rounded()))
        let columns = max(1, Int((Float(width) / cell).rounded()))
        var small = [Float](repeating: 0, count: rows * columns)
        for channel in 0..<3 {
            let plane = unsafe pixels + channel * height * width
            for row in 0..<rows {
                for column in 0..<columns {
                    unsafe small[row * columns + column] = mean(
                        of: plane, width: width, rows: row * height / rows..<(row + 1) * height / rows,
                        columns: column * width / columns..<(column + 1) * width / columns)
                }
            }
            for row in 0..<height {
                let (top, bottom, down) = neighbors((Float(row) + 0.5) * Float(rows) / Float(height) - 0.5, rows)
                for column in 0..<width {
                    let (left, right, across) = neighbors(
                        (Float(column) + 0.5) * Float(columns) / Float(width) - 0.5, columns)
                    let (a, b) = (small[top * columns + left], small[top * columns + right])
                    let (c, d) = (small[bottom * columns + left], small[bottom * columns + right])
                    let (above, below) = (a + (b - a) * across, c + (d - c) * across)
                    unsafe plane[row * width + column] = above + (below - above) * down
                }
            }
        }
    }

    private func mean(
        of plane: UnsafeMutablePointer<Float>, width: Int, rows: Range<Int>, columns: Range<Int>
    ) -> Float {
        var sum: Float = 0
        for row in rows { for column in columns { sum += unsafe plane[row * width + column] } }
        return sum / Float(max(1, rows.count * columns.count))
    }
}
