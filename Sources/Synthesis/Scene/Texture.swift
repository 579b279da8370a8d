internal import Foundation
internal import Randomness

/// What ground and walls are made of.
struct Texture {
    enum Kind: UInt8, CaseIterable {
        case asphalt, concrete, slabs, pavers, tiles, grass, gravel, carpet, wood, checker
        case brick, plaster, panels, glass, hedge, fence, doors, shutter, posters, windows, foliage
    }

    var kind: Kind
    /// Albedos.
    var first: RGB
    var second: RGB
    /// Meters of one stone, pane or leaf.
    var scale: Float
    var offset: SIMD2<Float>
    /// How uneven and dirty it is, 0...1.
    var dirt: Float

    private static let grounds: [(Kind, Float)] = [
        (.asphalt, 10), (.concrete, 8), (.slabs, 12), (.gravel, 2), (.grass, 5),
    ]
    private static let floors: [(Kind, Float)] = [(.tiles, 12), (.carpet, 3), (.concrete, 4)]
    private static let walls: [(Kind, Float)] = [
        (.brick, 6), (.plaster, 7), (.panels, 5), (.glass, 8), (.hedge, 4), (.fence, 3), (.windows, 7), (.foliage, 5),
    ]
    private static let innerWalls: [(Kind, Float)] = [(.plaster, 8), (.panels, 4), (.glass, 6), (.doors, 4)]

    static func ground(isIndoors: Bool, part: VariationPart, _ random: inout SeededGenerator) -> Texture {
        var kinds = isIndoors ? floors : grounds
        if part != .train {
            let held: [(Kind, Float)] = isIndoors ? [(.checker, 3), (.wood, 4)] : [(.pavers, 8)]
            kinds += held.map { ($0.0, part == .test ? $0.1 * 4 : $0.1) }
        }
        return Texture(random.pick(among: kinds), &random)
    }

    static func wall(isIndoors: Bool, part: VariationPart, _ random: inout SeededGenerator) -> Texture {
        var kinds = isIndoors ? innerWalls : walls
        if part != .train {
            let held: [(Kind, Float)] = [(.shutter, 3), (.posters, 3)]
            kinds += held.map { ($0.0, part == .test ? $0.1 * 4 : $0.1) }
        }
        return Texture(random.pick(among: kinds), &random)
    }

    private init(_ kind: Kind, _ random: inout SeededGenerator) {
        self.kind = kind
        offset = SIMD2(random.number(0...200), random.number(0...200))
        dirt = random.number(0.3...1)
        let gray = random.number(0.1...0.55)
        let warm = RGB(1 + random.number(-0.04...0.1), 1, 1 - random.number(-0.06...0.14))
        switch kind {
        case .asphalt: (first, second, scale) = (warm * random.number(0.09...0.26), warm * 0.45, 0.02)
        case .concrete: (first, second, scale) = (warm * (gray * 0.8), warm * gray * 0.6, random.number(1.5...4))
        case .slabs, .pavers:
            let other = RGB(random.number(0.85...1.3), 1, random.number(0.7...1.05))
            (first, second, scale) = (warm * gray, other * (gray * random.number(0.5...1.3)), random.number(0.2...0.7))
        case .tiles, .checker:
            let isLight = random.chance(0.7)
            let base = isLight ? random.number(0.4...0.75) : random.number(0.08...0.3)
            (first, second, scale) = (warm * base, warm * (base * random.number(0.3...0.9)), random.number(0.3...0.9))
        case .grass, .hedge, .foliage:
            let hue = random.number(70...115)
            first = ClothesColor.albedo(
                hue: hue, saturation: random.number(0.3...0.6), value: random.number(0.3...0.55))
            second = ClothesColor.albedo(hue: hue - 15, saturation: 0.45, value: random.number(0.12...0.35))
            scale = kind == .grass ? 0.06 : random.number(0.12...0.4)
        case .gravel: (first, second, scale) = (warm * gray, warm * gray * 0.5, 0.035)
        case .carpet:
            first = ClothesColor.albedo(
                hue: random.number(0...360), saturation: random.number(0.05...0.35), value: random.number(0.25...0.55))
            (second, scale) = (first * random.number(0.5...1.6), random.number(0.3...1.2))
        case .wood, .doors:
            first = ClothesColor.albedo(
                hue: random.number(18...38), saturation: random.number(0.25...0.6), value: random.number(0.3...0.75))
            (second, scale) = (first * 0.6, kind == .doors ? random.number(2...5) : random.number(0.09...0.18))
        case .brick:
            first = ClothesColor.albedo(
                hue: random.number(6...30), saturation: random.number(0.2...0.6), value: random.number(0.3...0.7))
            (second, scale) = (RGB(0.4, 0.39, 0.36) * random.number(0.5...1.2), random.number(0.2...0.26))
        case .plaster:
            first =
                random.chance(0.55)
                ? warm * random.number(0.35...0.78)
                : ClothesColor.albedo(
                    hue: random.number(15...220), saturation: random.number(0.08...0.45),
                    value: random.number(0.45...0.85))
            (second, scale) = (first * random.number(0.3...0.8), random.number(0.6...1.3))
        case .panels, .shutter:
            first = warm * random.number(0.15...0.65) * RGB(random.number(0.85...1.1), 1, random.number(0.9...1.2))
            (second, scale) = (first * 0.5, kind == .shutter ? random.number(0.07...0.13) : random.number(0.6...2))
        case .glass, .windows:
            first = RGB(0.09, 0.11, 0.13) * random.number(0.5...2.2)
            second = warm * (random.chance(0.5) ? random.number(0.03...0.15) : random.number(0.35...0.7))
            scale = kind == .glass ? random.number(1.1...2.6) : random.number(1.6...3.4)
        case .fence:
            (first, second, scale) = (
                warm * random.number(0.03...0.4), RGB(0.12, 0.16, 0.09), random.number(0.11...0.2)
            )
        case .posters: (first, second, scale) = (warm * random.number(0.2...0.6), warm * 0.3, random.number(0.8...1.6))
        }
    }

    /// The albedo at a place in meters; details smaller than `footprint` meters are averaged.
    func color(_ x: Float, _ y: Float, footprint: Float, noise: Noise) -> RGB {
        let (u, v) = (x + offset.x, y + offset.y)
        // Broad stains and uneven light, everywhere.
        let stains =
            1 + 0.22 * dirt * noise.clouds(u * 0.7, v * 0.7, octaves: 3, finest: footprint) + 0.18
            * noise.value(u * 0.23, v * 0.31)
        func fine(_ size: Float) -> Float {
            let visible = clamp(size * 1.5 / footprint - 0.5)
            return visible == 0 ? 0 : noise.value(u / size, v / size) * visible
        }
        /// How deep in the joint between cells a place is, 0...1.
        func joint(_ position: Float, _ cell: Float, _ width: Float) -> Float {
            let inside = fraction(position / cell) * cell
            let distance = min(inside, cell - inside)
            return smoothstep(width + footprint, width * 0.3, distance) * clamp(width * 2.5 / footprint)
        }
        func shade(_ column: Float, _ row: Float) -> Float {
            noise.cell(Int(column.rounded(.down)), Int(row.rounded(.down)))
        }
        if let sign = fitting(u, y, footprint, noise) { return sign * stains }
        switch kind {
        case .asphalt, .gravel:
            let patch = smoothstep(0.2, 0.26, noise.value(u * 0.21, v * 0.21)) * dirt
            let grit: Float = 1 + 0.3 * fine(scale) + 0.15 * fine(scale * 3)
            return first * (stains * grit * (1 - 0.25 * patch))
        case .concrete:
            let line = max(joint(u, scale, 0.012), joint(v, scale, 0.012))
            return mix(first * (stains * (1 + 0.1 * fine(0.03))), second, line * 0.7)
        case .slabs, .tiles:
            let wide: Float = kind == .tiles ? 0.004 : 0.009
            let line = max(joint(u, scale, wide), joint(v, scale, wide))
            let own = 1 + 0.16 * dirt * shade(u / scale, v / scale)
            return mix(first * (stains * own * (1 + 0.08 * fine(0.02))), second * 0.5, line * 0.8)
        case .pavers:
            let row = (v / (scale * 0.5)).rounded(.down)
            let shift = row.remainder(dividingBy: 2) == 0 ? scale * 0.5 : 0
            let line = max(joint(u + shift, scale, 0.006), joint(v, scale * 0.5, 0.006))
            let own = clamp(0.5 + 0.6 * shade((u + shift) / scale, row))
            return mix(mix(first, second, own) * stains, first * 0.3, line * 0.75)
        case .checker:
            let odd = ((u / scale).rounded(.down) + (v / scale).rounded(.down)).remainder(dividingBy: 2) != 0
            return (odd ? first : second) * stains
        case .grass, .hedge, .foliage:
            let leaf = noise.clouds(u / scale, v / scale, octaves: 3, finest: footprint / scale)
            let clump = noise.clouds(u * 0.9, v * 0.9, octaves: 2)
            let depth: Float = kind == .grass ? 0.45 : 0.75
            let green = mix(second, first, clamp(0.55 + depth * leaf + 0.4 * clump))
            return kind == .foliage && leaf + clump > 0.5 ? green + RGB(0.25, 0.3, 0.32) : green
        case .carpet:
            let spot = noise.clouds(u / scale, v / scale, octaves: 2)
            return mix(first, second, smoothstep(-0.15, 0.3, spot) * 0.5) * (1 + 0.1 * fine(0.02))
        case .wood:
            let plank = (u / scale).rounded(.down)
            let own = 1 + 0.22 * shade(plank, v / 1.4 + plank * 0.37)
            let grain = 1 + 0.16 * noise.value(u * 70, v * 3) * clamp(0.02 / footprint)
            return mix(first * (own * grain), second * 0.5, joint(u, scale, 0.004))
        case .brick:
            let row = (v / (scale * 0.33)).rounded(.down)
            let shift = row.remainder(dividingBy: 2) == 0 ? scale * 0.5 : 0
            let line = max(joint(u + shift, scale, 0.008), joint(v, scale * 0.33, 0.008))
            let own = 1 + 0.3 * shade((u + shift) / scale, row) * clamp(0.2 / footprint)
            return mix(first * (own * stains), second, line * 0.8)
        case .plaster:
            let base = smoothstep(scale + footprint, scale - footprint, y)
            return mix(first, second, base * (dirt > 0.6 ? 0.8 : 0)) * stains
        case .panels:
            let line = max(joint(u, scale, 0.012), joint(v, scale * 1.3, 0.012))
            return mix(first * (stains * (1 + 0.08 * shade(u / scale, v / (scale * 1.3)))), second, line)
        case .shutter:
            return first * (stains * (0.75 + 0.25 * wave(v / scale * 6.28) * clamp(scale / footprint - 0.5)))
        case .glass: return pane(u, y, footprint, noise)
        case .windows:
            let (column, row) = ((u / scale).rounded(.down), (v / (scale * 1.2)).rounded(.down))
            let (inX, inY) = (abs(fraction(u / scale) - 0.5), abs(fraction(v / (scale * 1.2)) - 0.5))
            let wall = smoothstep(0.3 - footprint / scale, 0.3 + footprint / scale, max(inX, inY * 0.95))
            let lit = 1 + 1.2 * clamp(shade(column, row))
            return mix(first * lit, second * stains, wall)
        case .fence:
            let bar = joint(u, scale, 0.02)
            let rail = joint(v, 0.9, 0.025)
            let behind = second * clamp(0.9 + 0.8 * noise.clouds(u * 1.2, v * 1.2, octaves: 3))
            return mix(behind, first, max(bar, rail))
        case .doors:
            let inside = fraction(u / scale) * scale
            let isDoor = inside < 0.95 && y < 2.1
            guard isDoor else { return RGB(0.55, 0.54, 0.5) * stains }
            let frame = min(inside, 0.95 - inside, 2.1 - y)
            return frame < 0.06 ? second : first * (1 + 0.1 * noise.value(u * 3, y * 20))
        case .posters:
            let (column, row) = ((u / scale).rounded(.down), (v / (scale * 1.4)).rounded(.down))
            let (inX, inY) = (fraction(u / scale), fraction(v / (scale * 1.4)))
            guard min(inX, 1 - inX) > 0.08, min(inY, 1 - inY) > 0.07 else { return first * stains }
            let tone = shade(column, row)
            let paper = ClothesColor.albedo(hue: (tone + 1) * 180, saturation: 0.3, value: 0.75)
            let ink = noise.clouds(u * 4 + tone * 40, v * 4, octaves: 3, finest: footprint)
            return mix(paper, paper * 0.25 + RGB(0.2, 0.05, 0.1) * tone, smoothstep(0, 0.15, ink))
        }
    }

    /// Doors, windows, signs and boxes on walls that would be bare: some cells of a coarse grid hold one.
    private func fitting(_ u: Float, _ y: Float, _ footprint: Float, _ noise: Noise) -> RGB? {
        guard kind == .plaster || kind == .brick || kind == .panels, y > 0 else { return nil }
        let (wide, high): (Float, Float) = (2.3, 2.7)
        let (column, row) = (Int((u / wide).rounded(.down)), Int((y / high).rounded(.down)))
        let pick = noise.cell(column &+ 13, row &+ 29)
        guard pick > 0.05 else { return nil }
        let (inX, inY) = (
            fraction(u / wide) * wide - 0.3, fraction(y / high) * high - (pick > 0.5 && row == 0 ? 0 : 0.7)
        )
        let (spanX, spanY) = (
            0.5 + fraction(pick * 7) * 1.1, pick > 0.5 && row == 0 ? 2.1 : 0.4 + fraction(pick * 11) * 1.1
        )
        let inside = min(inX, spanX - inX, inY, spanY - inY)
        guard inside > 0 else { return nil }
        let tone = fraction(pick * 23)
        let color = mix(
            RGB(0.05, 0.06, 0.07), ClothesColor.albedo(hue: tone * 360, saturation: 0.16, value: 0.65), tone * tone)
        if inside < 0.06 { return mix(first, second, 0.7) * 1.1 }
        let bars = fraction(inX / 0.55) < 0.08 ? Float(0.6) : 1
        return color * (bars * (1 + 0.5 * noise.clouds(u * 2, y * 2, octaves: 2, finest: footprint)))
    }

    /// A shop window: frames, glass that mirrors, goods and lamps behind it.
    private func pane(_ u: Float, _ y: Float, _ footprint: Float, _ noise: Noise) -> RGB {
        let inside = fraction(u / scale) * scale
        let frame = min(min(inside, scale - inside), min(abs(y - 0.35), abs(y - 2.6)))
        let wide: Float = 0.035
        if y < 0.35 || y > 2.9 { return second * (1 + 0.15 * noise.value(u * 2, y * 2)) }
        // Goods on shelves and dolls: upright pieces of their own tones.
        let (column, row) = (Int((u * 3.1).rounded(.down)), Int((y * 1.6 + offset.x).rounded(.down)))
        let goods = noise.cell(column, row) + 0.4 * noise.value(u * 7, y * 5)
        let tone = noise.cell(column &+ 77, row)
        let thing =
            RGB(0.26 + 0.1 * max(0, tone), 0.24, 0.22 - 0.1 * min(0, tone)) * clamp(0.45 + 0.6 * goods, 0.08, 1.1)
        let lamp = smoothstep(0.72, 0.8, noise.value(u * 1.7 + 40, y * 2.4)) * 0.8
        let mirror = 0.25 * clamp(0.5 + noise.clouds(u * 0.4 + 90, y * 0.5, octaves: 2))
        let behind = mix(first, thing, 0.55 * smoothstep(-0.1, 0.25, goods)) + RGB(repeating: lamp)
        let seen = mix(behind, RGB(0.5, 0.55, 0.6), mirror)
        return mix(second, seen, smoothstep(wide - footprint, wide + footprint, frame))
    }
}
