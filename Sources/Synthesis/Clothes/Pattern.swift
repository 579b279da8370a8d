internal import Foundation

/// A pattern that is woven into cloth or printed on it; places are in meters around and along the garment.
struct Pattern {
    enum Kind: UInt8, CaseIterable {
        case plain, heather, stripes, pinstripes, gingham, tartan, twoTone, band, dots, floral, camouflage, print, logo
        case text, panels, gradient, zigzag, patches, washed
    }

    var kind: Kind
    /// Albedos: the ground, and what is on it.
    var ground: RGB
    var second: RGB
    var third: RGB
    /// Meters of one repeat, or the half width of a print.
    var scale: Float
    /// How much of a repeat the second color takes, or the level along where a two-tone garment changes.
    var share: Float
    /// The offset into the noise, so that each garment looks different.
    var offset: SIMD2<Float>

    static func plain(_ color: RGB, offset: SIMD2<Float> = .zero) -> Pattern {
        Pattern(kind: .plain, ground: color, second: color, third: color, scale: 0.1, share: 0.5, offset: offset)
    }

    /// The albedo at `place`; details smaller than `footprint` meters are averaged.
    func color(at place: SIMD2<Float>, footprint: Float, noise: Noise) -> RGB {
        let (u, v) = (place.x, place.y)
        func edge(_ distance: Float) -> Float { smoothstep(-footprint, footprint, distance) }
        /// A square wave: 1 for a `share` of each repeat, its mean where a repeat is too small to see.
        func bars(_ position: Float, _ share: Float) -> Float {
            let (inside, width) = (fraction(position / scale) * scale, share * scale)
            let distance = inside < width ? min(inside, width - inside) : -min(inside - width, scale - inside)
            return mix(edge(distance), share, smoothstep(0.25, 0.8, footprint / scale))
        }
        switch kind {
        case .plain: return ground
        case .heather:
            let fleck = noise.value(u * 260 + offset.x, v * 140 + offset.y) * clamp(0.008 / footprint, 0, 1)
            return ground * (1 + 0.3 * fleck)
        case .stripes: return mix(ground, second, bars(v, share))
        case .pinstripes: return mix(ground, second, bars(u, share))
        case .gingham:
            return mix(ground, second, (bars(u, 0.5) + bars(v, 0.5)) / 2)
        case .tartan:
            let (across, down) = (bars(u, 0.42), bars(v, 0.42))
            let cloth = mix(ground, second, (across + down) / 2)
            let thin = max(bars(u + scale * 0.62, 0.1), bars(v + scale * 0.62, 0.1))
            return mix(cloth, third, thin * 0.75)
        case .twoTone: return mix(ground, second, edge(v - share))
        case .band:
            let inside = min(v - share, share + scale - v)
            return mix(ground, second, edge(inside))
        case .dots:
            let row = (v / scale).rounded(.down)
            let x = fraction(u / scale + (row.remainder(dividingBy: 2) == 0 ? 0 : 0.5)) - 0.5
            let y = fraction(v / scale) - 0.5
            return mix(ground, second, edge((share * 0.55 - (x * x + y * y).squareRoot()) * scale))
        case .floral:
            let a = noise.value(u / scale + offset.x, v / scale + offset.y)
            let b = noise.value(u / scale * 1.7 - offset.y, v / scale * 1.7 + offset.x)
            let flower = smoothstep(0.28, 0.4, a)
            let leaf = smoothstep(0.35, 0.45, b)
            return mix(mix(ground, third, leaf), second, flower)
        case .camouflage:
            let a = noise.clouds(u / scale + offset.x, v / scale + offset.y, octaves: 3)
            let b = noise.clouds(u / scale - offset.y, v / scale * 1.1 + offset.x, octaves: 3)
            return mix(mix(ground, second, smoothstep(0.02, 0.06, a)), third, smoothstep(0.18, 0.22, b))
        case .print: return printed(u, v, noise, edge: edge)
        case .logo:
            let (x, y) = (abs(u - 0.075), abs(v - 0.13))
            return mix(ground, second, edge(min(0.028 - x, 0.02 - y)))
        case .text:
            let (x, y) = (u, v - 0.17)
            guard abs(x) < scale, abs(y) < 0.035 else { return ground }
            let letter = noise.cell(Int((x / 0.022).rounded(.down)), Int(offset.x)) > -0.5
            let gap = fraction(x / 0.022) > 0.22
            let stroke = noise.value(x * 90 + offset.x, y * 70) > -0.25
            return letter && gap && stroke ? second : ground
        case .panels:
            let side = abs(abs(u) - share)
            return mix(ground, second, edge(scale - side))
        case .gradient: return mix(ground, second, smoothstep(share - 0.2, share + 0.25, v))
        case .zigzag:
            let wave = abs(fraction(u / scale) - 0.5) * scale
            return mix(ground, second, bars(v + wave, 0.45))
        case .patches:
            let column = Int((u / scale + offset.x).rounded(.down))
            let row = Int((v / scale + offset.y).rounded(.down))
            let pick = noise.cell(column, row)
            return pick < -0.33 ? ground : (pick < 0.33 ? second : third)
        case .washed:
            // Denim: worn at the thighs and knees, dark at seams.
            let worn = smoothstep(0.09, 0, abs(abs(u) - 0.02)) * smoothstep(0.75, 0.2, v)
            let mottle = noise.clouds(u * 14 + offset.x, v * 9 + offset.y, octaves: 2)
            return mix(ground, second, clamp(worn * share + mottle * 0.22))
        }
    }

    /// A print on the chest: shapes that no other garment has, in two or three colors.
    private func printed(_ u: Float, _ v: Float, _ noise: Noise, edge: (Float) -> Float) -> RGB {
        let (x, y) = (u / scale, (v - 0.2) / (scale * share * 2))
        guard abs(x) < 1, abs(y) < 1 else { return ground }
        let corner = max(abs(x), abs(y))
        let isRound = offset.x.remainder(dividingBy: 2) > 0
        let reach = isRound ? (x * x + y * y).squareRoot() : corner
        guard reach < 1 else { return ground }
        let a = noise.value(x * 2.2 + offset.x, y * 2.2 + offset.y)
        let b = noise.value(x * 3.7 - offset.y, y * 3.7 + offset.x)
        let base = offset.y.remainder(dividingBy: 2) > 0 ? second : mix(ground, second, smoothstep(-0.15, 0, a))
        let inked = mix(base, third, smoothstep(0.1, 0.2, b))
        return mix(ground, inked, edge((1 - reach) * scale))
    }
}
