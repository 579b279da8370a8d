import Foundation  // brings libm, which rounded() and squareRoot() may call

/// A picture to draw on, with smooth edges, in colours of more than 8 bits.
public struct Canvas: Sendable {
    /// Pixels per row.
    public let width: Int
    /// Rows.
    public let height: Int
    private var pixels: [SIMD4<Float>]

    /// A canvas of one colour.
    ///
    /// Precondition: both sides are at least 1.
    public init(width: Int, height: Int, colour: Colour) {
        precondition(width > 0 && height > 0, "a canvas needs pixels, not \(width)×\(height)")
        self.width = width
        self.height = height
        pixels = .init(repeating: colour.lanes, count: width * height)
    }

    /// The colour of the pixel in column `x` and row `y`.
    ///
    /// Precondition: it is on the canvas.
    public subscript(x: Int, y: Int) -> Colour {
        get { Colour(lanes: pixels[index(x, y)]) }
        set { pixels[index(x, y)] = newValue.lanes }
    }

    private func index(_ x: Int, _ y: Int) -> Int {
        precondition(x >= 0 && x < width && y >= 0 && y < height, "(\(x), \(y)) is not on \(width)×\(height)")
        return y * width + x
    }

    /// Fills `shape`, as far as it is on the canvas.
    ///
    /// - Parameters:
    ///   - shape: What is filled.
    ///   - paint: With which colours.
    ///   - shading: Makes it look round; absent: flat.
    ///   - opacity: 0 (nothing changes) ... 1.
    ///   - softness: Pixels over which an edge fades: 1 is a sharp edge without steps, more is out of focus or a shadow.
    public mutating func fill(
        _ shape: Shape, with paint: Paint, shading: Shading? = nil, opacity: Float = 1, softness: Float = 1
    ) {
        let (least, most) = shape.bounds
        let columns = Self.range(least.x - softness, most.x + softness, width)
        let rows = Self.range(least.y - softness, most.y + softness, height)
        for y in rows {
            for x in columns {
                let point = Point(Float(x) + 0.5, Float(y) + 0.5)
                let distance = shape.distance(to: point)
                let coverage = min(max(0.5 - distance / softness, 0), 1) * opacity
                guard coverage > 0 else { continue }
                var colour = paint.colour(at: point)
                if let shading { colour = colour.scaled(by: shading.brightness(shape, at: point)) }
                let place = y * width + x
                pixels[place] += (colour.lanes - pixels[place]) * coverage
            }
        }
    }

    private static func range(_ from: Float, _ to: Float, _ limit: Int) -> Range<Int> {
        func onCanvas(_ value: Float) -> Int { Int(min(max(value, 0), Float(limit))) }
        let end = onCanvas(to.rounded(.up))
        return min(onCanvas(from.rounded(.down)), end)..<end
    }

    /// Replaces every pixel by what `change` makes of its column, row and colour, row by row from the top.
    public mutating func map(_ change: (_ x: Int, _ y: Int, _ colour: Colour) -> Colour) {
        for y in 0..<height {
            for x in 0..<width {
                pixels[y * width + x] = change(x, y, Colour(lanes: pixels[y * width + x])).lanes
            }
        }
    }

    /// Blurs by the weights (s, 1 − 2s, s) along rows, then columns, where s is `strength`, 0 to 1/3.
    ///
    /// Beyond an edge its pixels repeat.
    public mutating func blur(strength: Float) {
        func pass(along length: Int, step: Int, lines: Int, apart: Int) {
            for line in 0..<lines {
                var before = pixels[line * apart]
                for position in 0..<length {
                    let here = line * apart + position * step
                    let own = pixels[here]
                    let after = position + 1 < length ? pixels[here + step] : own
                    pixels[here] = own + (before + after - own * 2) * strength
                    before = own
                }
            }
        }
        pass(along: width, step: 1, lines: height, apart: width)
        pass(along: height, step: width, lines: width, apart: 1)
    }

    /// The picture in 8 bits; shares beyond 0...1 are cut.
    public var image: RGBImage {
        var bytes = [UInt8]()
        bytes.reserveCapacity(pixels.count * 3)
        for pixel in pixels {
            let levels = (pixel.clamped(lowerBound: .zero, upperBound: .one) * 255).rounded(.toNearestOrAwayFromZero)
            bytes.append(UInt8(levels.x))
            bytes.append(UInt8(levels.y))
            bytes.append(UInt8(levels.z))
        }
        return RGBImage(width: width, height: height, pixels: bytes)
    }
}
