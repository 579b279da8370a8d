internal import Randomness

/// A smooth random field over the plane, always the same; makes cloth, ground and walls uneven.
struct Noise: Sendable {
    private static let side = 256
    private let lattice: [Float]

    /// The field that all images use, each at its own offsets.
    static let shared = Noise()

    private init() {
        var random = SeededGenerator(0x5EED)
        lattice = (0..<Self.side * Self.side).map { _ in random.number(-1...1) }
    }

    /// A number in −1...1 that changes smoothly, by about one feature a unit.
    @inline(__always)
    func value(_ x: Float, _ y: Float) -> Float {
        let (floorX, floorY) = (x.rounded(.down), y.rounded(.down))
        let (shareX, shareY) = (x - floorX, y - floorY)
        let (column, row) = (Int(truncatingIfNeeded: Int32(floorX)), Int(truncatingIfNeeded: Int32(floorY)))
        let (left, right) = (column & 255, (column + 1) & 255)
        let (top, bottom) = ((row & 255) << 8, ((row + 1) & 255) << 8)
        let smoothX = shareX * shareX * (3 - 2 * shareX)
        let smoothY = shareY * shareY * (3 - 2 * shareY)
        let above = lattice[top | left] + (lattice[top | right] - lattice[top | left]) * smoothX
        let below = lattice[bottom | left] + (lattice[bottom | right] - lattice[bottom | left]) * smoothX
        return above + (below - above) * smoothY
    }

    /// A sum of octaves with halving size and strength, within about −1...1; octaves smaller than `finest` are left
    /// out.
    func clouds(_ x: Float, _ y: Float, octaves: Int, finest: Float = 0) -> Float {
        var (sum, strength, scale) = (Float(0), Float(0.55), Float(1))
        for _ in 0..<octaves {
            if 1 / scale < finest { break }
            sum += value(x * scale + 17.3 * scale, y * scale - 9.1 * scale) * strength
            scale *= 2.03
            strength *= 0.55
        }
        return sum
    }

    /// One number of the lattice, −1...1, for the cell that holds a place.
    @inline(__always)
    func cell(_ column: Int, _ row: Int) -> Float {
        lattice[(row &* 37 & 255) << 8 | (column &* 91 & 255)]
    }
}
