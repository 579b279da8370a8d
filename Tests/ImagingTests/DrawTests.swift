import Imaging
import Testing

@Suite struct DrawTests {
    private let black = Colour(0, 0, 0)
    private let white = Colour(1, 1, 1)

    private func drawn(_ shape: Shape, _ paint: Paint? = nil) -> RGBImage {
        var canvas = Canvas(width: 60, height: 50, colour: black)
        canvas.fill(shape, with: paint ?? .plain(white))
        return canvas.image
    }

    private func level(_ image: RGBImage, _ x: Int, _ y: Int) -> Int { Int(image.pixels[(y * image.width + x) * 3]) }

    /// With smooth edges the sum of all levels is the area; half a pixel of edge remains uncertain at corners.
    @Test func `shapes have the area that geometry gives them`() {
        let shapes: [(Shape, area: Float)] = [
            (.rectangle(Point(10.5, 8.25), Point(30, 40)), 19.5 * 31.75),
            (.rectangle(Point(10, 10), Point(40, 40), radius: 8), 900 - (4 - .pi) * 64),
            (.ellipse(centre: Point(30, 25), across: 20, down: 12), .pi * 240),
            (.limb(from: Point(15, 25), to: Point(45, 25), radius: 6, endRadius: 6), 30 * 12 + .pi * 36),
            (.polygon([Point(10, 10), Point(50, 10), Point(10, 40)]), 600),
            (.polygon([Point(20, 20), Point(40, 20), Point(40, 30), Point(20, 30)], radius: 5), 200 + 300 + .pi * 25),
        ]
        for (shape, area) in shapes {
            let sum = drawn(shape).pixels.reduce(0) { $0 + Float($1) } / 255 / 3
            #expect(abs(sum - area) < area * 0.02, "\(shape): \(sum), not \(area)")
        }
    }

    @Test func `an edge between two pixels is sharp and one within a pixel is grey`() {
        let image = drawn(.rectangle(Point(10, 10), Point(20.5, 20)))
        #expect([level(image, 9, 15), level(image, 10, 15), level(image, 19, 15)] == [0, 255, 255])
        #expect([level(image, 20, 15), level(image, 21, 15)] == [128, 0])
    }

    @Test func `shapes beyond the canvas are cut`() {
        #expect(drawn(.rectangle(Point(-100, -100), Point(200, 200))).pixels.allSatisfy { $0 == 255 })
        #expect(drawn(.ellipse(centre: Point(500, -90), across: 30, down: 10)).pixels.allSatisfy { $0 == 0 })
        #expect(level(drawn(.limb(from: Point(-9, 25), to: Point(5, 25), radius: 3, endRadius: 3)), 0, 25) == 255)
    }

    @Test func `a gradient goes straight from one colour to the other`() {
        let everywhere = Shape.rectangle(Point(-1, -1), Point(61, 51))
        let image = drawn(everywhere, .gradient(black, Point(10, 0), white, Point(50, 0)))
        #expect([level(image, 5, 0), level(image, 55, 49)] == [0, 255])
        #expect(abs(level(image, 30, 20) - 131) <= 1)
        #expect(level(image, 20, 3) == level(image, 20, 44))
    }

    @Test func `stripes and checks repeat`() {
        let everywhere = Shape.rectangle(Point(-1, -1), Point(61, 51))
        let stripes = drawn(everywhere, .stripes(black, white, width: 5, step: Point(0, 1)))
        #expect([2, 7, 12, 17].map { level(stripes, 9, $0) } == [0, 255, 0, 255])
        let checks = drawn(everywhere, .checks(black, white, width: 5))
        #expect([level(checks, 2, 2), level(checks, 7, 2), level(checks, 7, 7)] == [0, 128, 255])
    }

    @Test func `shading is darker away from the light`() {
        var canvas = Canvas(width: 60, height: 50, colour: black)
        let shading = Shading(depth: 12, light: Point(-0.5, 0))
        canvas.fill(
            .ellipse(centre: Point(30, 25), across: 20, down: 20), with: .plain(Colour(0.5, 0.5, 0.5)), shading: shading
        )
        let image = canvas.image
        #expect(level(image, 15, 25) > level(image, 30, 25))
        #expect(level(image, 30, 25) > level(image, 45, 25))
    }

    @Test func `opacity mixes and a blur keeps one colour`() {
        var canvas = Canvas(width: 8, height: 8, colour: white)
        canvas.fill(.rectangle(Point(-1, -1), Point(9, 9)), with: .plain(black), opacity: 0.25)
        canvas.blur(strength: 0.3)
        #expect(canvas.image.pixels.allSatisfy { $0 == 191 })
        canvas[3, 4] = black
        canvas.blur(strength: 0.25)
        #expect([level(canvas.image, 3, 4), level(canvas.image, 2, 4), level(canvas.image, 2, 3)] == [143, 167, 179])
    }

    @Test func `a canvas maps pixels with their places`() {
        var canvas = Canvas(width: 3, height: 2, colour: black)
        canvas.map { x, y, _ in Colour(Float(x) / 255, Float(y) / 255, 2) }
        #expect(canvas.image.pixels == [0, 0, 255, 1, 0, 255, 2, 0, 255, 0, 1, 255, 1, 1, 255, 2, 1, 255])
    }
}
