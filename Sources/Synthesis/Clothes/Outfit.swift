/// What covers the trunk next to the skin.
struct Top {
    /// The length of the sleeve as a share of the arm: 0 sleeveless, 0.7 short, 1.9 long.
    var sleeve: Float
    /// Levels of the trunk (0 hips, 1 shoulders) where it ends and begins.
    var hem: Float
    var neck: Float
    /// The distance from the skin in meters, and how much the cloth hangs straight down from the chest, 0...1.
    var ease: Float
    var drape: Float
    var cloth: Surface
    var sleeves: Surface
    var hasCollar: Bool
}

/// A jacket, coat, cardigan or vest over the top.
struct Outer {
    enum Hood { case none, down, up }

    var sleeve: Float
    /// Meters below the hips.
    var length: Float
    /// Radians to each side of the front that stay open.
    var opening: Float
    var ease: Float
    var drape: Float
    /// Meters between quilted seams; 0: none.
    var quilting: Float
    var hood: Hood
    var hasCollar: Bool
    var cloth: Surface
    var sleeves: Surface
}

/// What covers the legs.
struct Bottom {
    enum Kind { case trousers, shorts, skirt, dress }

    var kind: Kind
    /// Share of the leg where it ends: 1 the knee, 2 the ankle.
    var length: Float
    /// Meters off the skin at the thigh, and the radius at the hem.
    var ease: Float
    var hem: Float
    var cloth: Surface
    /// Tights or bare skin below a skirt.
    var tights: Surface?
}

/// Shoes and what shows above them.
struct Shoes {
    /// Meters above the ankle that a boot reaches; 0: low.
    var shaft: Float
    var bulk: Float
    var upper: Surface
    var sole: Surface
    var socks: Surface?
}

/// What is on the head besides hair.
struct Hat {
    enum Kind { case none, cap, beanie, brim, helmet, headscarf }

    var kind: Kind
    var surface: Surface
    /// The brim points backwards.
    var isBackwards = false
}

/// Hair and beard.
struct Hair {
    enum Style: UInt8 { case bald, cropped, short, parted, bushy, bob, long, ponytail, bun }

    var style: Style
    var color: RGB
    /// Meters below the chin that long hair reaches.
    var length: Float
    /// How far the forehead is bare (negative: a fringe), in half heads.
    var hairline: Float
    /// 0: shaved, 1: a full beard.
    var beard: Float
    /// Sunglasses (1), glasses (0.5) or none (0).
    var glasses: Float
    /// A mask over mouth and nose, or none.
    var mask: RGB?
}

/// Things carried.
struct Carried {
    enum Kind { case backpack, shoulderBag, handbag, shopping, suitcase, umbrella, closedUmbrella, folder }

    var kind: Kind
    /// The side: 0 left, 1 right; unused for things that have no side.
    var side: Int
    /// Share of the usual size.
    var size: Float
    var surface: Surface
    var strap: Surface
}

/// Everything a person wears.
struct Outfit {
    var top: Top
    var outer: Outer?
    var bottom: Bottom
    var scarf: Surface?
}
