import Imaging

/// One camera of the demo: what stands behind people there, the light, and what its lens and sensor do to colours.
struct DemoScene {
    enum Backdrop: CaseIterable { case street, corridor, park, shop }

    /// The camera's number, from 1.
    let camera: Int
    let backdrop: Backdrop
    /// Where light comes from, as in `Shading`.
    let light: Point
    /// What the light and the white balance do to every colour.
    let cast: Colour
    /// Contrast around middle grey, and what is added to every share.
    let contrast: Float
    let haze: Float
    /// Standard deviation of the sensor's noise, in shares of full brightness.
    let noise: Float
    /// How often the picture is softened.
    let blur: Int
    /// Where the ground begins, as a share of the height.
    let horizon: Float

    init(camera: Int, seed: UInt64) {
        var random = SeededRandom(seed, camera, 2)
        self.camera = camera
        backdrop = Backdrop.allCases[(camera - 1) % Backdrop.allCases.count]
        light = Point((camera.isMultiple(of: 2) ? 1 : -1) * random.number(0.35...0.65), -random.number(0.2...0.5))
        let casts = [
            Colour(1.0, 0.98, 0.94), Colour(0.98, 0.93, 0.78), Colour(0.9, 0.98, 1.02), Colour(0.86, 0.9, 1.0),
        ]
        cast = casts[(camera - 1) % casts.count].scaled(by: random.number(0.88...1.1))
        contrast = random.number(0.85...1.12)
        haze = random.number(0...0.05)
        noise = random.number(0.008...0.022)
        blur = 1 + camera % 2
        horizon = random.number(0.5...0.64)
    }

    /// The empty scene; the same camera looks a little elsewhere each time.
    func drawBackdrop(on canvas: inout Canvas, _ random: inout SeededRandom) {
        let (width, height) = (Float(canvas.width), Float(canvas.height))
        let ground = height * (horizon + random.number(-0.02...0.02))
        let shift = random.number(-60...60)
        switch backdrop {
        case .street:
            fillHalves(
                &canvas, ground, Colour(0.62, 0.55, 0.5), Colour(0.55, 0.49, 0.45), Colour(0.5, 0.5, 0.51),
                Colour(0.66, 0.65, 0.64))
            let mortar = Paint.plain(Colour(0.7, 0.65, 0.6))
            for row in 0..<Int(ground / 12) {
                let y = Float(row) * 12
                canvas.fill(.rectangle(Point(0, y), Point(width, y + 1)), with: mortar, opacity: 0.5)
                for brick in -2..<8 {
                    let x =
                        Float(brick) * 26 + (row.isMultiple(of: 2) ? 13 : 0) + shift.truncatingRemainder(dividingBy: 26)
                    canvas.fill(.rectangle(Point(x, y), Point(x + 1, y + 12)), with: mortar, opacity: 0.5)
                }
            }
            canvas.fill(
                .rectangle(Point(0, ground), Point(width, ground + 7)), with: .plain(Colour(0.42, 0.41, 0.4)),
                softness: 2)
        case .corridor:
            fillHalves(
                &canvas, ground, Colour(0.84, 0.82, 0.76), Colour(0.74, 0.71, 0.64), Colour(0.6, 0.54, 0.44),
                Colour(0.72, 0.66, 0.55))
            let door = Point(30 + shift, height * 0.1)
            canvas.fill(
                .rectangle(door, Point(door.x + 62, ground)), with: .plain(Colour(0.5, 0.36, 0.25)), softness: 1.5)
            canvas.fill(
                .rectangle(Point(door.x + 5, door.y + 6), Point(door.x + 57, ground)),
                with: .plain(Colour(0.6, 0.44, 0.31)), softness: 1.5)
            canvas.fill(
                .rectangle(Point(0, ground - 9), Point(width, ground)), with: .plain(Colour(0.52, 0.49, 0.44)),
                softness: 2)
            for line in 0..<5 {
                let y = ground + pow2(Float(line + 1) / 5) * (height - ground)
                canvas.fill(
                    .rectangle(Point(0, y), Point(width, y + 1.5)), with: .plain(Colour(0.5, 0.45, 0.37)), opacity: 0.7)
            }
        case .park:
            fillHalves(
                &canvas, ground, Colour(0.74, 0.83, 0.9), Colour(0.68, 0.76, 0.72), Colour(0.36, 0.48, 0.25),
                Colour(0.45, 0.55, 0.3))
            for _ in 0..<26 {
                let centre = Point(random.number(-10...width + 10), random.number(ground * 0.3...ground))
                let leaf = Colour(0.2, 0.36, 0.18).scaled(by: random.number(0.7...1.4))
                canvas.fill(
                    .ellipse(centre: centre, across: random.number(12...28), down: random.number(14...34)),
                    with: .plain(leaf), softness: 8)
            }
            canvas.fill(
                .polygon([
                    Point(shift, height), Point(width * 0.3 + shift / 2, ground),
                    Point(width * 0.55 + shift / 2, ground), Point(width + shift, height),
                ]),
                with: .plain(Colour(0.7, 0.64, 0.52)), softness: 4)
        case .shop:
            fillHalves(
                &canvas, ground, Colour(0.3, 0.33, 0.37), Colour(0.24, 0.26, 0.3), Colour(0.44, 0.45, 0.48),
                Colour(0.58, 0.59, 0.62))
            for pane in -1..<3 {
                let x = Float(pane) * 70 + shift
                canvas.fill(
                    .rectangle(Point(x, 24), Point(x + 62, ground - 22)),
                    with: .gradient(
                        Colour(0.62, 0.7, 0.76), Point(x, 24), Colour(0.36, 0.42, 0.48), Point(x + 62, ground)),
                    softness: 1.5)
                for _ in 0..<4 {
                    let from = Point(x + random.number(4...40), random.number(70...ground - 60))
                    let goods = Colour(random.number(0.3...0.8), random.number(0.3...0.7), random.number(0.25...0.7))
                    canvas.fill(
                        .rectangle(from, Point(from.x + 16, from.y + random.number(18...36)), radius: 3),
                        with: .plain(goods), opacity: 0.8, softness: 3)
                }
            }
            canvas.fill(.rectangle(Point(0, 0), Point(width, 18)), with: .plain(Colour(0.5, 0.15, 0.16)), softness: 2)
        }
    }

    private func fillHalves(
        _ canvas: inout Canvas, _ ground: Float, _ top: Colour, _ bottom: Colour, _ far: Colour, _ near: Colour
    ) {
        let (width, height) = (Float(canvas.width), Float(canvas.height))
        canvas.fill(
            .rectangle(Point(-2, -2), Point(width + 2, ground)),
            with: .gradient(top, Point(0, 0), bottom, Point(0, ground)))
        canvas.fill(
            .rectangle(Point(-2, ground), Point(width + 2, height + 2)),
            with: .gradient(far, Point(0, ground), near, Point(0, height)))
    }

    private func pow2(_ value: Float) -> Float { value * value }

    /// What lens, light and sensor make of the scene.
    func expose(_ canvas: inout Canvas, _ random: inout SeededRandom) {
        for _ in 0..<blur { canvas.blur(strength: 0.2) }
        let (middleX, middleY) = (Float(canvas.width) / 2, Float(canvas.height) / 2)
        var stream = random
        canvas.map { x, y, colour in
            let (dx, dy) = ((Float(x) - middleX) / middleX, (Float(y) - middleY) / middleY)
            // Light falls off across the picture, away from where it comes from, and a little towards the corners.
            let fall = 1 + 0.07 * (dx * light.x + dy * light.y) - 0.04 * (dx * dx + dy * dy)
            let lit = colour.filtered(by: cast).scaled(by: fall)
            let grain = Colour(stream.normal(), stream.normal(), stream.normal()).scaled(by: noise)
            let level = { (share: Float) in (share - 0.5) * contrast + 0.5 + haze }
            return Colour(level(lit.red) + grain.red, level(lit.green) + grain.green, level(lit.blue) + grain.blue)
        }
        random = stream
    }
}
