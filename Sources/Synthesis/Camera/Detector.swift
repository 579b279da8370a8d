internal import Randomness

/// How boxes are drawn around people, by a detector or by hand.
struct Detector {
    /// The width over the height of every box; nil: as wide as the person.
    let aspect: Float?
    /// How far the box extends beyond the person, as a share of the person's height.
    let looseness: Float
    let jitter: Float
    /// The probability that feet or head are cut off.
    let cutting: Float

    init(_ random: inout SeededGenerator) {
        aspect = random.chance(0.55) ? random.number(0.36...0.52) : nil
        looseness = random.number(-0.01...0.07)
        jitter = random.number(0.008...0.035)
        cutting = random.number(0...0.14)
    }

    /// The box around a person who covers `body`.
    func box(around body: Window, _ random: inout SeededGenerator) -> Window {
        let tall = body.height
        var top = body.top - tall * (looseness + random.normal() * jitter)
        var bottom = body.top + body.height + tall * (looseness * 0.8 + random.normal() * jitter)
        if random.chance(cutting) {
            if random.chance(0.75) {
                bottom = body.top + tall * random.number(0.72...0.97)
            } else {
                top = body.top + tall * random.number(0.02...0.1)
            }
        }
        let height = bottom - top
        var width = body.width + tall * (max(0, looseness) * 1.4 + abs(random.normal()) * jitter)
        width = max(width, height * 0.26)
        if let aspect { width = max(height * aspect, min(width, height * aspect * 1.15)) }
        width *= 1 + random.normal() * jitter
        let middle = body.left + body.width / 2 + width * random.normal() * (0.02 + jitter)
        return Window(left: middle - width / 2, top: top, width: width, height: height)
    }
}
