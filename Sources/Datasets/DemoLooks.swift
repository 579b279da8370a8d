import Imaging

/// What stays the same about an invented person from camera to camera.
struct DemoLooks {
    enum Sleeves { case short, long }
    enum Upper { case shirt, openJacket, coat }
    enum Lower { case trousers, shorts, skirt }
    enum Pattern { case plain, stripes, checks, twoTone, logo }
    enum Hair { case cropped, short, long, bun, hat }
    enum Bag { case none, backpack, shoulderBag, handbag }

    let skin: Colour
    let hair: Hair
    let hairColour: Colour
    let upper: Upper
    let sleeves: Sleeves
    let pattern: Pattern
    let upperColour: Colour
    /// The second colour of a pattern, and of the shirt under a jacket.
    let accentColour: Colour
    let lower: Lower
    let lowerColour: Colour
    let shoeColour: Colour
    let bag: Bag
    let bagColour: Colour
    /// Height and width as shares of the average.
    let height: Float
    let build: Float

    init(person: Int, seed: UInt64) {
        var random = SeededRandom(seed, person, 1)
        skin = random.pick(Self.skins)
        hair = random.pick([.cropped, .short, .short, .long, .long, .bun, .hat])
        hairColour = hair == .hat ? random.pick(Self.clothes) : random.pick(Self.hairs)
        upper = random.pick([.shirt, .shirt, .shirt, .openJacket, .coat])
        sleeves = upper == .shirt && random.chance(0.55) ? .short : .long
        pattern = upper == .shirt ? random.pick([.plain, .plain, .stripes, .checks, .twoTone, .logo]) : .plain
        // Walking through the list keeps a small gallery's people apart; the jump is coprime to its length.
        let own = Self.clothes[(person * 7 + Int(seed % 17)) % Self.clothes.count]
        upperColour = Self.varied(own, &random)
        accentColour = Self.varied(random.pick(Self.clothes.filter { $0 != own }), &random)
        lower = random.pick([.trousers, .trousers, .trousers, .shorts, .skirt])
        lowerColour = Self.varied(random.pick(Self.trousers), &random)
        shoeColour = random.pick(Self.shoes)
        bag = random.pick([.none, .none, .backpack, .backpack, .shoulderBag, .handbag])
        bagColour = Self.varied(random.pick(Self.clothes), &random)
        height = random.number(0.9...1.04)
        build = random.number(0.88...1.2)
    }

    private static func varied(_ colour: Colour, _ random: inout SeededRandom) -> Colour {
        colour.scaled(by: random.number(0.85...1.15))
            .filtered(by: Colour(random.number(0.94...1.06), random.number(0.94...1.06), random.number(0.94...1.06)))
    }

    private static let skins = [
        Colour(0.95, 0.79, 0.68), Colour(0.88, 0.68, 0.54), Colour(0.78, 0.56, 0.42), Colour(0.6, 0.41, 0.29),
        Colour(0.42, 0.28, 0.2),
    ]
    private static let hairs = [
        Colour(0.1, 0.08, 0.07), Colour(0.16, 0.11, 0.08), Colour(0.3, 0.19, 0.11), Colour(0.55, 0.36, 0.17),
        Colour(0.78, 0.62, 0.36), Colour(0.5, 0.2, 0.1), Colour(0.62, 0.61, 0.6),
    ]
    private static let clothes = [
        Colour(0.13, 0.13, 0.15), Colour(0.75, 0.15, 0.16), Colour(0.9, 0.9, 0.88), Colour(0.15, 0.24, 0.45),
        Colour(0.45, 0.46, 0.48), Colour(0.2, 0.45, 0.28), Colour(0.93, 0.75, 0.2), Colour(0.35, 0.55, 0.8),
        Colour(0.55, 0.42, 0.3), Colour(0.9, 0.5, 0.55), Colour(0.24, 0.25, 0.28), Colour(0.88, 0.45, 0.15),
        Colour(0.42, 0.22, 0.48), Colour(0.72, 0.7, 0.62), Colour(0.1, 0.48, 0.52), Colour(0.5, 0.1, 0.2),
        Colour(0.65, 0.75, 0.82),
    ]
    private static let trousers = [
        Colour(0.12, 0.12, 0.14), Colour(0.17, 0.22, 0.36), Colour(0.3, 0.4, 0.56), Colour(0.4, 0.4, 0.42),
        Colour(0.62, 0.54, 0.42), Colour(0.25, 0.28, 0.2), Colour(0.85, 0.84, 0.8), Colour(0.35, 0.24, 0.18),
    ]
    private static let shoes = [
        Colour(0.1, 0.1, 0.1), Colour(0.9, 0.9, 0.9), Colour(0.35, 0.22, 0.14), Colour(0.6, 0.12, 0.12),
        Colour(0.4, 0.4, 0.43),
    ]
}
