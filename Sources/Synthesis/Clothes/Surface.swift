/// How the outside of one part reflects light.
struct Surface {
    enum Kind: UInt8 { case cloth, skin, head, hair, hard }

    var kind: Kind
    var pattern: Pattern
    /// Depth of folds as a slope, and how many meters they are apart, around and along.
    var folds: Float = 0
    var foldSize = SIMD2<Float>(0.07, 0.14)
    /// The share of light that is reflected without color.
    var gloss: Float = 0.02
    /// Albedo of seams, buttons or a zip down the front; absent where there are none.
    var trim: Trim = .none
    /// Meters between quilted seams; 0: none.
    var quilting: Float = 0
    /// For a head: the index of the face in `Figure.faces`.
    var face: Int = 0

    enum Trim: UInt8 { case none, zip, buttons, pocket, belt, backpackPanel, sole }

    static func skin(_ color: RGB) -> Surface {
        Surface(kind: .skin, pattern: .plain(color), gloss: 0.035)
    }

    static func hard(_ color: RGB, gloss: Float = 0.06) -> Surface {
        Surface(kind: .hard, pattern: .plain(color), gloss: gloss)
    }
}
