internal import Foundation

/// A place or direction in meters: z points forward, x to the left of a person who faces along z, y up.
typealias Vector = SIMD3<Float>

/// Linear light or albedo: red, green, blue.
typealias RGB = SIMD3<Float>

extension SIMD3 where Scalar == Float {
    @inline(__always)
    func dot(_ other: Self) -> Float { x * other.x + y * other.y + z * other.z }

    @inline(__always)
    func cross(_ other: Self) -> Self {
        Self(y * other.z - z * other.y, z * other.x - x * other.z, x * other.y - y * other.x)
    }

    var length: Float { dot(self).squareRoot() }

    /// The same direction with length 1; zero stays zero.
    @inline(__always)
    var unit: Self {
        let square = dot(self)
        return square > 1e-20 ? self * (1 / square.squareRoot()) : self
    }

    /// The luminance of ITU-R BT.709.
    var luminance: Float { 0.2126 * x + 0.7152 * y + 0.0722 * z }

    /// The vector turned by `angle` around the unit vector `axis`, counter-clockwise when seen from the axis's tip.
    func turned(around axis: Self, by angle: Float) -> Self {
        let (sine, cosine) = (sin(angle), cos(angle))
        return self * cosine + axis.cross(self) * sine + axis * (axis.dot(self) * (1 - cosine))
    }
}

func mix(_ a: Float, _ b: Float, _ share: Float) -> Float { a + (b - a) * share }

func mix(_ a: Vector, _ b: Vector, _ share: Float) -> Vector { a + (b - a) * share }

func clamp(_ value: Float, _ low: Float = 0, _ high: Float = 1) -> Float { min(max(value, low), high) }

/// A smooth step: 0 up to `from`, 1 after `to`; falls instead of rising if `from` is above `to`.
func smoothstep(_ from: Float, _ to: Float, _ value: Float) -> Float {
    let share = clamp((value - from) / (to - from))
    return share * share * (3 - 2 * share)
}

/// The fractional part of `value`, 0..<1.
func fraction(_ value: Float) -> Float { value - value.rounded(.down) }

func exponential(_ value: Float) -> Float { exp(value) }

func logarithm(_ value: Float) -> Float { log(value) }

/// The value at `place` of a smooth curve through `keys`, whose places ascend; constant beyond its ends.
func curve(_ keys: [(place: Float, value: Float)], at place: Float) -> Float {
    guard var before = keys.first, place > before.place else { return keys.first?.value ?? 0 }
    for key in keys.dropFirst() {
        if place <= key.place {
            let share = (place - before.place) / (key.place - before.place)
            // Between a straight line and smoothstep: neither kinks nor steps.
            return mix(before.value, key.value, (share + share * share * (3 - 2 * share)) / 2)
        }
        before = key
    }
    return before.value
}

/// `value` to a power; negative values count as 0.
func raised(_ value: Float, _ power: Float) -> Float { pow(max(value, 0), power) }

/// The sine of an angle in radians.
func wave(_ angle: Float) -> Float { sin(angle) }
