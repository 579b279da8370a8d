internal import Randomness

/// One invented person: body, clothes, hair and things carried; the same in every image.
struct Person {
    let physique: Physique
    let skin: RGB
    let hair: Hair
    let hat: Hat
    let outfit: Outfit
    let shoes: Shoes
    private(set) var carried: [Carried]
    /// The offset into the noise for this person's cloth and hair.
    let offset: SIMD2<Float>

    /// The person with this number, from 1.
    ///
    /// Some pairs (an odd number and the next one) are hard to tell apart: they wear the same clothes and differ in
    /// everything else, or they wear the same kinds of clothes in other colors.
    init(_ number: Int, seed: UInt64, garments: VariationPart) {
        var pair = SeededGenerator(seed, (number + 1) / 2, 10)
        let isTwin = pair.chance(0.12) && number.isMultiple(of: 2)
        let recolorsTop = pair.chance(0.3)
        let recolorsBottom = pair.chance(0.3)
        var random = SeededGenerator(seed, number, 11)
        var physique = Physique(&random)
        if isTwin {
            // The same body as the partner's, so that the two differ only in details.
            var partner = SeededGenerator(seed, number - 1, 11)
            physique = Physique(&partner)
        }
        self.physique = physique
        skin = ClothesColor.skin(&random)
        let wardrobe = Wardrobe(part: garments)
        hair = wardrobe.hair(physique, &random)
        shoes = wardrobe.shoes(physique, &random)
        hat = wardrobe.hat(hair, &random)
        carried = wardrobe.carried(physique, &random)
        offset = SIMD2(random.number(0...250), random.number(0...250))
        var clothes = SeededGenerator(seed, isTwin ? number - 1 : number, 12)
        var outfit = wardrobe.outfit(physique, &clothes)
        if isTwin, recolorsTop { outfit.top.cloth.pattern.ground = ClothesColor.upper(&random) }
        if isTwin, recolorsBottom { outfit.bottom.cloth.pattern.ground = ClothesColor.lower(&random) }
        self.outfit = outfit
    }

    /// Removes a carried thing now and then, as if it had been set down out of sight.
    mutating func setDown(_ random: inout SeededGenerator) {
        carried = carried.filter { _ in !random.chance(0.05) }
    }

    /// What the arms hold, left and right.
    var holding: (Pose.Arm?, Pose.Arm?) {
        var arms: [Pose.Arm?] = [nil, nil]
        for thing in carried {
            switch thing.kind {
            case .handbag, .shopping, .closedUmbrella, .folder: arms[thing.side] = .carry
            case .suitcase: arms[thing.side] = .pull
            case .umbrella: arms[thing.side] = .umbrella
            case .backpack, .shoulderBag: break
            }
        }
        return (arms[0], arms[1])
    }
}

extension Wardrobe {
    func hair(_ physique: Physique, _ random: inout SeededGenerator) -> Hair {
        let women = physique.femininity > 0.5
        let style: Hair.Style = random.pick(
            weighted: women
                ? [
                    .long: 10, .ponytail: 6, .bun: 3, .bob: 5, .short: 1.5, .parted: 1, .bushy: 0.7,
                    .cropped: 0.2,
                ]
                : [
                    .short: 10, .cropped: 5, .parted: 4, .bald: 1.6, .bushy: 1.2, .bob: 0.5, .long: 0.4,
                    .bun: 0.15, .ponytail: 0.2,
                ])
        return Hair(
            style: style, color: ClothesColor.hair(&random), length: random.number(0.02...0.32),
            hairline: random.number(-0.3...0.12) + (women ? 0 : random.number(0...0.12)),
            beard: women ? 0 : (random.chance(0.3) ? random.number(0.3...1) : 0),
            glasses: random.chance(0.2) ? (random.chance(0.3) ? 1 : 0.5) : 0,
            mask: random.chance(0.04) ? (random.chance(0.5) ? RGB(0.25, 0.45, 0.6) : RGB(0.75, 0.77, 0.8)) : nil)
    }

    func shoes(_ physique: Physique, _ random: inout SeededGenerator) -> Shoes {
        let women = physique.femininity > 0.5
        let isBoot = random.chance(women ? 0.22 : 0.1)
        let color: RGB = random.pick(weighted: [
            ClothesColor.lower(&random) * 0.8: 5, ClothesColor.albedo(0.12, 0.11, 0.11): 5,
            ClothesColor.albedo(0.88, 0.88, 0.87): 4, ClothesColor.accent(&random): 3,
            ClothesColor.albedo(0.38, 0.25, 0.16): 2,
        ])
        let sole = random.pick(weighted: [
            RGB(0.75, 0.75, 0.73): 4, RGB(0.03, 0.03, 0.03): 5, color: 3, ClothesColor.accent(&random): 0.6,
        ])
        return Shoes(
            shaft: isBoot ? random.number(0.06...0.34) : 0, bulk: random.number(0.85...1.2),
            upper: .hard(color, gloss: random.number(0.03...0.1)), sole: .hard(sole, gloss: 0.02),
            socks: random.chance(0.6)
                ? cloth(random.chance(0.45) ? RGB(0.7, 0.7, 0.7) : ClothesColor.lower(&random), &random) : nil)
    }

    func hat(_ hair: Hair, _ random: inout SeededGenerator) -> Hat {
        let kind: Hat.Kind = random.pick(weighted: [
            .none: 83, .cap: 6, .beanie: 4.5, .brim: part == .train ? 0 : 2.5, .helmet: 1, .headscarf: 1.6,
        ])
        var surface = cloth(ClothesColor.bag(&random), &random)
        surface.folds *= 0.3
        if kind == .helmet { surface = .hard(ClothesColor.accent(&random), gloss: 0.1) }
        return Hat(kind: kind, surface: surface, isBackwards: random.chance(0.12))
    }

    func carried(_ physique: Physique, _ random: inout SeededGenerator) -> [Carried] {
        let women = physique.femininity > 0.5
        let choices: [([Carried.Kind], Float)] = [
            ([], 40), ([.backpack], 24), ([.shoulderBag], women ? 16 : 8), ([.handbag], women ? 13 : 2),
            ([.shopping], 6), ([.suitcase], 3), ([.backpack, .shopping], 2), ([.shoulderBag, .shopping], 1.5),
            ([.backpack, .suitcase], 1.2), ([.umbrella], 1.6), ([.closedUmbrella], part == .train ? 0 : 1.5),
            ([.folder], 2),
        ]
        return random.pick(among: choices).map { kind in
            var surface = cloth(ClothesColor.bag(&random), &random)
            surface.folds *= 0.35
            surface.gloss = random.number(0.02...0.09)
            if kind == .shopping { surface.pattern.ground = ClothesColor.accent(&random) }
            if random.chance(kind == .umbrella ? 0.4 : 0.16) {
                surface.pattern.kind = random.pick([.stripes, .twoTone, .floral, .panels, .dots])
                surface.pattern.second = ClothesColor.accent(&random)
                (surface.pattern.scale, surface.pattern.share) = (random.number(0.05...0.12), 0.3)
            }
            if kind == .backpack { surface.trim = .backpackPanel }
            return Carried(
                kind: kind, side: random.chance(0.5) ? 0 : 1, size: random.number(0.75...1.2), surface: surface,
                strap: .hard(surface.pattern.ground * random.number(0.3...1.1), gloss: 0.03))
        }
    }
}
