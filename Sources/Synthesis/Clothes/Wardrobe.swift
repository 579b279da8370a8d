internal import Randomness

/// Which kinds of garments and scenes a data set may show: all, or one of two parts that do not share the rarer kinds.
public enum VariationPart: String, Sendable, CaseIterable {
    /// Every kind.
    case all
    /// All but the kinds that are held out for tests.
    case train
    /// Mostly the kinds that are held out for tests.
    case test
}

/// Draws clothes at random.
struct Wardrobe {
    let part: VariationPart

    private static let patterns: [(Pattern.Kind, Float)] = [
        (.plain, 44), (.heather, 7), (.stripes, 10), (.pinstripes, 3), (.tartan, 5), (.twoTone, 5), (.band, 4),
        (.dots, 2.5), (.floral, 5), (.print, 11), (.logo, 8), (.text, 5), (.panels, 3), (.gradient, 2),
    ]
    /// The kinds that only test sets show, if kinds are held out.
    private static let heldOutPatterns: [(Pattern.Kind, Float)] = [
        (.gingham, 3), (.camouflage, 3), (.zigzag, 2), (.patches, 3),
    ]

    func outfit(_ physique: Physique, _ random: inout SeededGenerator) -> Outfit {
        let women = physique.femininity > 0.5
        // 0: high summer, 1: winter.
        let cold = random.number(0...1)
        let isDress = women && random.chance(0.11)
        var top = top(cold: cold, women, &random)
        var bottom = bottom(cold: cold, women, &random)
        if isDress {
            bottom.kind = .dress
            bottom.length = random.number(0.65...1.75)
            bottom.hem = random.number(0.04...0.16)
            bottom.cloth = top.cloth
            bottom.tights = tights(cold: cold, &random)
            top.hem = 0.1
        }
        var outer: Outer?
        if random.chance(smoothstep(0.25, 0.85, cold) * 0.9 + 0.03) {
            outer = self.outer(cold: cold, women, physique, &random)
            if outer.map({ $0.opening == 0 }) == true { top.sleeve = min(top.sleeve, 1.9) }
        }
        let scarf = random.chance(cold > 0.6 ? 0.22 : 0.02) ? cloth(ClothesColor.accent(&random), &random) : nil
        return Outfit(top: top, outer: outer, bottom: bottom, scarf: scarf)
    }

    private func top(cold: Float, _ women: Bool, _ random: inout SeededGenerator) -> Top {
        let sleeve: Float
        if cold > 0.55 {
            sleeve = random.number(1.75...1.95)
        } else {
            sleeve = random.pick(weighted: [
                random.number(0.45...0.85): 10, random.number(0.9...1.3): 1.5, random.number(1.7...1.95): 5,
                0: women ? 2.5 : 0.8,
            ])
        }
        var cloth = patterned(ClothesColor.upper(&random), &random)
        let hasButtons = random.chance(0.22)
        cloth.trim = hasButtons ? .buttons : .none
        var sleeves = cloth
        if [.print, .logo, .text, .twoTone, .band, .panels, .gradient].contains(cloth.pattern.kind) {
            sleeves.pattern.kind = .plain
            // Raglan and color blocks.
            if random.chance(0.18) { sleeves.pattern.ground = cloth.pattern.second }
        } else if cloth.pattern.kind == .plain, random.chance(0.06) {
            sleeves.pattern.ground = ClothesColor.accent(&random)
        }
        sleeves.trim = .none
        return Top(
            sleeve: sleeve, hem: random.chance(0.25) ? 0.24 : random.number(-0.2...0.12),
            neck: random.number(1.04...1.1),
            ease: random.number(0.004...0.03), drape: random.number(0.1...0.9), cloth: cloth, sleeves: sleeves,
            hasCollar: hasButtons || random.chance(0.15))
    }

    private func outer(cold: Float, _ women: Bool, _ physique: Physique, _ random: inout SeededGenerator) -> Outer {
        let isCoat = cold > 0.5 && random.chance(0.33)
        let isVest = random.chance(0.07)
        var cloth =
            random.chance(0.16)
            ? patterned(ClothesColor.upper(&random), &random)
            : self.cloth(random.chance(0.5) ? ClothesColor.lower(&random) : ClothesColor.upper(&random), &random)
        cloth.gloss = random.chance(0.2) ? random.number(0.05...0.14) : 0.02
        cloth.folds *= 1.25
        let isOpen = random.chance(0.48)
        cloth.trim = isOpen ? .none : random.pick([.zip, .zip, .buttons, .pocket])
        var sleeves = cloth
        sleeves.trim = .none
        if random.chance(0.08) { sleeves.pattern = .plain(ClothesColor.accent(&random)) }
        let isPuffer = !isCoat && cold > 0.55 && random.chance(0.35)
        return Outer(
            sleeve: isVest ? 0 : random.number(1.85...2.02),
            length: isCoat ? random.number(0.18...0.62) * physique.height / 1.75 : random.number(-0.06...0.14),
            opening: isOpen ? random.number(0.15...0.62) : 0,
            ease: (isPuffer ? 0.045 : 0.02) + random.number(0...0.018), drape: random.number(0.3...1),
            quilting: isPuffer ? random.number(0.05...0.11) : 0,
            hood: random.chance(0.32) ? (random.chance(0.18) ? .up : .down) : .none, hasCollar: random.chance(0.6),
            cloth: cloth, sleeves: sleeves)
    }

    private func bottom(cold: Float, _ women: Bool, _ random: inout SeededGenerator) -> Bottom {
        let kind: Bottom.Kind = random.pick(weighted: [
            .trousers: 10 + 8 * cold, .shorts: cold < 0.45 ? 5 : 0.2, .skirt: women ? 3 : 0.02,
        ])
        let isDenim = kind != .skirt && random.chance(0.42)
        var cloth: Surface
        if isDenim {
            let (dark, worn) = ClothesColor.denim(&random)
            cloth = self.cloth(dark, &random)
            cloth.pattern.kind = .washed
            cloth.pattern.second = worn
            cloth.pattern.share = random.number(0...0.7)
        } else if random.chance(kind == .skirt ? 0.3 : 0.1) {
            cloth = patterned(ClothesColor.lower(&random), &random)
            // Trousers with prints, bands or broad stripes are a rarity.
            let isForTops = [.print, .logo, .text, .band, .stripes, .twoTone].contains(cloth.pattern.kind)
            if isForTops, kind != .skirt || random.chance(0.5) { cloth.pattern.kind = .plain }
        } else {
            cloth = self.cloth(ClothesColor.lower(&random), &random)
        }
        if kind == .trousers, !isDenim, random.chance(0.09) {
            // Track suits: stripes down the sides.
            cloth.pattern.kind = .panels
            (cloth.pattern.second, cloth.pattern.scale) = (ClothesColor.accent(&random), random.number(0.01...0.03))
            cloth.pattern.share = 0.115
        }
        cloth.folds *= 1.15
        if kind != .skirt, random.chance(0.6) { cloth.trim = .belt }
        let tightness = women ? random.number(0...0.8) : random.number(0.25...1)
        switch kind {
        case .trousers:
            return Bottom(
                kind: kind, length: random.chance(0.12) ? random.number(1.5...1.8) : random.number(1.88...2.03),
                ease: 0.003 + 0.024 * tightness,
                hem: random.chance(0.08)
                    ? random.number(0.1...0.14) : mix(0.046, 0.088, tightness * random.number(0.6...1)),
                cloth: cloth, tights: nil)
        case .shorts:
            return Bottom(
                kind: kind, length: random.number(0.45...1.05), ease: random.number(0.008...0.032),
                hem: random.number(0.08...0.125), cloth: cloth, tights: nil)
        case .skirt, .dress:
            return Bottom(
                kind: .skirt, length: random.number(0.45...1.8), ease: 0.015, hem: random.number(0.02...0.17),
                cloth: cloth, tights: tights(cold: cold, &random))
        }
    }

    private func tights(cold: Float, _ random: inout SeededGenerator) -> Surface? {
        random.chance(0.15 + 0.7 * cold)
            ? cloth(random.chance(0.8) ? RGB(0.02, 0.02, 0.022) : ClothesColor.lower(&random), &random) : nil
    }

    /// Plain cloth of a color, with random folds.
    func cloth(_ color: RGB, _ random: inout SeededGenerator) -> Surface {
        let offset = SIMD2(random.number(0...250), random.number(0...250))
        return Surface(
            kind: .cloth, pattern: .plain(color, offset: offset), folds: random.number(0.22...0.72),
            foldSize: SIMD2(random.number(0.035...0.09), random.number(0.07...0.2)),
            gloss: random.chance(0.1) ? random.number(0.03...0.08) : 0.015)
    }

    private func patterned(_ color: RGB, _ random: inout SeededGenerator) -> Surface {
        var surface = cloth(color, &random)
        let kinds: [(Pattern.Kind, Float)] =
            switch part {
            case .all: Self.patterns + Self.heldOutPatterns
            case .train: Self.patterns
            case .test: Self.patterns + Self.heldOutPatterns.map { ($0.0, $0.1 * 8) }
            }
        var pattern = surface.pattern
        pattern.kind = random.pick(among: kinds)
        pattern.second = ClothesColor.accent(&random)
        pattern.third = ClothesColor.accent(&random)
        // A pattern that cannot be seen counts as no pattern.
        if (pattern.second - pattern.ground).length < 0.12 {
            pattern.second = pattern.ground.luminance > 0.25 ? pattern.ground * 0.2 : pattern.ground + 0.4
        }
        (pattern.scale, pattern.share) = measures(of: pattern.kind, &random)
        surface.pattern = pattern
        return surface
    }

    private func measures(of kind: Pattern.Kind, _ random: inout SeededGenerator) -> (Float, Float) {
        switch kind {
        case .plain, .heather, .logo, .washed: (0.1, 0.5)
        case .stripes: (random.scale(0.018...0.16), random.number(0.2...0.65))
        case .pinstripes: (random.scale(0.015...0.09), random.number(0.12...0.45))
        case .gingham: (random.scale(0.02...0.08), 0.5)
        case .tartan: (random.scale(0.04...0.14), 0.45)
        case .twoTone: (0.1, random.number(0.08...0.4))
        case .band: (random.number(0.04...0.16), random.number(0.08...0.26))
        case .dots: (random.scale(0.025...0.09), random.number(0.4...0.7))
        case .floral: (random.scale(0.025...0.1), 0.5)
        case .camouflage: (random.number(0.06...0.16), 0.5)
        case .print: (random.number(0.07...0.13), random.number(0.5...1.3))
        case .text: (random.number(0.07...0.13), 0.5)
        case .panels: (random.number(0.012...0.06), random.number(0.1...0.2))
        case .gradient: (0.1, random.number(0.1...0.4))
        case .zigzag: (random.number(0.05...0.12), 0.45)
        case .patches: (random.number(0.08...0.2), 0.5)
        }
    }
}
