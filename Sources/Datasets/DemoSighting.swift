import Foundation
import Imaging

/// One person in front of one camera: where they stand, which way they face, and where in their stride they are.
struct DemoSighting {
    private let looks: DemoLooks
    private let scene: DemoScene
    /// The middle between the feet and the length of the body, in pixels.
    private let feet: Point
    private let tall: Float
    /// Cosine and sine of the heading: 1 and 0 face the camera, 0 and 1 walk to the right.
    private let facing: Float
    private let side: Float
    /// −1...1: which leg is in front, and how far.
    private let stride: Float

    private static let size = (width: 128, height: 384)

    init(of looks: DemoLooks, at scene: DemoScene, _ random: inout SeededRandom) {
        self.looks = looks
        self.scene = scene
        // Each camera sees people mostly from one direction.
        let heading = Float(scene.camera - 1) * 1.9 + random.number(-0.6...0.6)
        (facing, side) = (cos(heading), sin(heading))
        stride = sin(random.number(0...6.28))
        tall = 338 * looks.height * random.number(0.95...1.02)
        feet = Point(64 + random.number(-6...6), 367 + random.number(-5...5))
    }

    /// The picture, as the camera's sensor has it.
    func draw(_ random: inout SeededRandom) -> RGBImage {
        var canvas = Canvas(width: Self.size.width, height: Self.size.height, colour: Colour(0.5, 0.5, 0.5))
        scene.drawBackdrop(on: &canvas, &random)
        drawShadow(on: &canvas)
        if looks.bag == .backpack, facing > -0.2 { drawBackpack(on: &canvas) }
        drawArm(on: &canvas, isNear: false)
        drawLegs(on: &canvas)
        drawHairBehind(on: &canvas)
        drawTorso(on: &canvas)
        if looks.bag == .backpack, facing <= -0.2 { drawBackpack(on: &canvas) }
        drawHead(on: &canvas)
        drawArm(on: &canvas, isNear: true)
        drawCarried(on: &canvas)
        scene.expose(&canvas, &random)
        return canvas.image
    }

    // MARK: Measures

    /// A place on the body: `across` to the right of its middle and `up` from the ground, as shares of its length.
    private func at(_ across: Float, _ up: Float) -> Point {
        Point(feet.x + across * tall, feet.y - up * tall)
    }

    private func shaded(_ depth: Float) -> Shading { Shading(depth: depth * tall, light: scene.light) }

    /// Half the width of something `front` wide from the front and `deep` from the side.
    private func half(_ front: Float, _ deep: Float) -> Float {
        (front * front * facing * facing + deep * deep * side * side).squareRoot() * looks.build
    }

    private var shoulder: Float { half(0.105, 0.062) }
    private var waist: Float { half(0.082, 0.06) }
    private var hip: Float { half(0.088, 0.068) }

    // MARK: Parts, from back to front

    private func drawShadow(on canvas: inout Canvas) {
        let centre = Point(feet.x - scene.light.x * 40, feet.y + 1)
        canvas.fill(
            .ellipse(centre: centre, across: 46, down: 9), with: .plain(Colour(0.05, 0.05, 0.07)), opacity: 0.5,
            softness: 12)
    }

    private func drawLegs(on canvas: inout Canvas) {
        // The leg that is farther away first; from the front both are equally far.
        for isNear in [false, true] {
            let sign: Float = isNear ? 1 : -1
            let swing = sign * stride * side * 0.11
            let apart = sign * facing * 0.04 * looks.build
            let lift = max(0, -sign * stride) * 0.03
            let (top, knee) = (at(apart, 0.48), at(apart * 1.05 + swing * 0.55 + side * lift, 0.27 + lift * 0.3))
            let ankle = at(apart + swing, 0.04 + lift)
            let dim: Float = isNear ? 1 : 0.82
            let bare = Paint.plain(looks.skin.scaled(by: dim))
            let cloth = Paint.plain(looks.lowerColour.scaled(by: dim))
            let girth = tall * looks.build
            let toe = Point(ankle.x + side * 0.045 * tall, ankle.y + (0.012 + 0.016 * max(0, facing)) * tall)
            canvas.fill(
                .limb(
                    from: Point(ankle.x - side * 0.008 * tall, ankle.y + 0.012 * tall), to: toe, radius: 0.024 * tall,
                    endRadius: 0.02 * tall),
                with: .plain(looks.shoeColour.scaled(by: dim)), shading: shaded(0.018))
            switch looks.lower {
            case .trousers:
                canvas.fill(
                    .limb(from: knee, to: ankle, radius: 0.037 * girth, endRadius: 0.027 * girth), with: cloth,
                    shading: shaded(0.03))
                canvas.fill(
                    .limb(from: top, to: knee, radius: 0.053 * girth, endRadius: 0.038 * girth), with: cloth,
                    shading: shaded(0.04))
            case .shorts, .skirt:
                canvas.fill(
                    .limb(from: knee, to: ankle, radius: 0.031 * girth, endRadius: 0.019 * girth), with: bare,
                    shading: shaded(0.026))
                canvas.fill(
                    .limb(from: top, to: knee, radius: 0.048 * girth, endRadius: 0.032 * girth), with: bare,
                    shading: shaded(0.035))
                if looks.lower == .shorts {
                    let hem = Point((top.x + knee.x * 3) / 4, (top.y + knee.y * 3) / 4)
                    canvas.fill(
                        .limb(from: top, to: hem, radius: 0.054 * girth, endRadius: 0.05 * girth), with: cloth,
                        shading: shaded(0.04))
                }
            }
        }
        if looks.lower == .skirt {
            let flare = hip + 0.035
            canvas.fill(
                .polygon([at(-hip * 0.8, 0.54), at(hip * 0.8, 0.54), at(flare, 0.31), at(-flare, 0.31)], radius: 3),
                with: .plain(looks.lowerColour), shading: shaded(0.06))
        }
    }

    /// Long hair falls behind the shoulders of someone who faces the camera.
    private func drawHairBehind(on canvas: inout Canvas) {
        guard looks.hair == .long, facing >= -0.25 else { return }
        canvas.fill(
            .limb(
                from: at(side * -0.002, 0.93), to: at(-side * 0.035, 0.8), radius: 0.056 * tall, endRadius: 0.05 * tall),
            with: .plain(looks.hairColour.scaled(by: 0.85)), shading: shaded(0.04))
    }

    private func drawTorso(on canvas: inout Canvas) {
        let neck = looks.skin.scaled(by: 0.88)
        canvas.fill(
            .limb(from: at(0, 0.87), to: at(0, 0.815), radius: 0.027 * tall, endRadius: 0.032 * tall),
            with: .plain(neck),
            shading: shaded(0.03))
        let hem: Float = looks.upper == .coat ? 0.36 : 0.465
        let low = looks.upper == .coat ? hip + 0.012 : hip
        let outline = [
            at(-shoulder * 0.55, 0.832), at(shoulder * 0.55, 0.832), at(shoulder, 0.8), at(shoulder * 0.96, 0.74),
            at(waist, 0.6), at(low, hem), at(-low, hem), at(-waist, 0.6), at(-shoulder * 0.96, 0.74),
            at(-shoulder, 0.8),
        ]
        canvas.fill(.polygon(outline, radius: 3), with: cloth, shading: shaded(0.055))
        let middle = facing * 0.012 + side * shoulder * 0.75
        if facing > -0.15 {
            switch looks.upper {
            case .openJacket:
                let gap = 0.032 * max(facing, 0.25)
                canvas.fill(
                    .polygon([
                        at(middle - gap, 0.83), at(middle + gap, 0.83), at(middle + gap * 1.5, hem),
                        at(middle - gap * 1.5, hem),
                    ]),
                    with: .plain(looks.accentColour), shading: shaded(0.03), softness: 1.5)
            case .coat:
                canvas.fill(
                    .limb(from: at(middle, 0.82), to: at(middle, hem), radius: 1, endRadius: 1),
                    with: .plain(looks.upperColour.scaled(by: 0.55)), opacity: 0.8)
            case .shirt where looks.pattern == .logo:
                canvas.fill(
                    .ellipse(centre: at(middle, 0.71), across: 0.045 * tall * max(0.3, facing), down: 0.04 * tall),
                    with: .plain(looks.accentColour), shading: shaded(0.08))
            case .shirt: break
            }
        }
    }

    private var cloth: Paint {
        let (first, second) = (looks.upperColour, looks.accentColour)
        switch looks.pattern {
        case .plain, .logo: return .plain(first)
        case .stripes: return .stripes(first, second, width: 0.024 * tall, step: Point(0, 1))
        case .checks: return .checks(first, first.mixed(with: second, 0.75), width: 0.02 * tall)
        case .twoTone: return .gradient(second, at(0, 0.664), first, at(0, 0.66))
        }
    }

    private func drawArm(on canvas: inout Canvas, isNear: Bool) {
        // From the front both arms show; "near" is the right one of the picture. From the side it is the one before the body.
        let sign: Float = isNear ? 1 : -1
        let swing = -sign * stride * side * 0.1
        let root = sign * max(abs(facing) * shoulder, 0.012)
        let out = sign * abs(facing) * 0.018
        let (top, elbow) = (at(root * 0.97, 0.793), at(root + out + swing * 0.5, 0.635))
        let wrist = at(root + out * 0.6 + swing + side * 0.02, 0.485)
        let dim: Float = isNear || abs(facing) > 0.7 ? 0.96 : 0.8
        let girth = tall * (0.5 + looks.build / 2)
        let skin = Paint.plain(looks.skin.scaled(by: dim))
        let sleeve = Paint.plain(looks.upperColour.scaled(by: dim))
        let hand = Point(wrist.x, wrist.y + 0.012 * tall)
        canvas.fill(
            .limb(from: wrist, to: hand, radius: 0.018 * tall, endRadius: 0.017 * tall), with: skin,
            shading: shaded(0.018))
        let isBare = looks.sleeves == .short
        canvas.fill(
            .limb(
                from: elbow, to: wrist, radius: (isBare ? 0.023 : 0.029) * girth,
                endRadius: (isBare ? 0.016 : 0.024) * girth),
            with: isBare ? skin : sleeve, shading: shaded(0.022))
        if isBare {
            canvas.fill(
                .limb(from: top, to: elbow, radius: 0.026 * girth, endRadius: 0.023 * girth), with: skin,
                shading: shaded(0.022))
            let hem = Point((top.x * 2 + elbow.x * 3) / 5, (top.y * 2 + elbow.y * 3) / 5)
            canvas.fill(
                .limb(from: top, to: hem, radius: 0.034 * girth, endRadius: 0.036 * girth), with: sleeve,
                shading: shaded(0.03))
        } else {
            canvas.fill(
                .limb(from: top, to: elbow, radius: 0.036 * girth, endRadius: 0.03 * girth), with: sleeve,
                shading: shaded(0.03))
        }
    }

    private func drawHead(on canvas: inout Canvas) {
        let centre = at(side * 0.012, 0.925)
        let (across, down) = (0.05 * tall, 0.066 * tall)
        let hair = Paint.plain(looks.hairColour)
        if looks.hair == .bun {
            canvas.fill(
                .ellipse(centre: at(-side * 0.05, 0.985), across: across * 0.5, down: across * 0.5), with: hair,
                shading: shaded(0.02))
        }
        canvas.fill(
            .ellipse(centre: centre, across: across, down: down), with: .plain(looks.skin), shading: shaded(0.045))
        // The hair: a cap that reaches down the back of the head, and all the way where the back is towards the camera.
        let thick: Float = looks.hair == .cropped ? 1.0 : 1.08
        if facing < -0.25 {
            canvas.fill(
                .ellipse(centre: Point(centre.x, centre.y - 0.008 * tall), across: across * thick, down: down * 0.98),
                with: hair,
                shading: shaded(0.045))
            if looks.hair == .long {
                canvas.fill(
                    .limb(from: centre, to: at(0, 0.82), radius: across * thick, endRadius: across * 0.9), with: hair,
                    shading: shaded(0.04))
            }
        } else {
            let cap = Point(centre.x - side * 0.022 * tall, centre.y - 0.032 * tall)
            canvas.fill(
                .ellipse(centre: cap, across: across * thick * (1 - 0.12 * abs(side)), down: down * 0.62), with: hair,
                shading: shaded(0.04))
            let ear = Point(centre.x - side * 0.034 * tall, centre.y + 0.002 * tall)
            if abs(side) > 0.45 {
                canvas.fill(
                    .ellipse(centre: ear, across: across * 0.48, down: down * 0.7), with: hair, shading: shaded(0.035))
            }
            let dark = Paint.plain(Colour(0.12, 0.08, 0.07))
            for eye in [Float(-1), 1] {
                let x = eye * 0.018 * facing + side * 0.03
                guard abs(x) < 0.043 else { continue }
                canvas.fill(
                    .ellipse(
                        centre: Point(centre.x + x * tall, centre.y + 0.004 * tall), across: 0.0065 * tall,
                        down: 0.005 * tall), with: dark, opacity: 0.75)
            }
            canvas.fill(
                .ellipse(
                    centre: Point(centre.x + side * 0.032 * tall, centre.y + 0.036 * tall),
                    across: 0.013 * tall * max(facing, 0.4), down: 0.004 * tall),
                with: .plain(Colour(0.55, 0.25, 0.24)), opacity: 0.6)
        }
        if looks.hair == .hat {
            canvas.fill(
                .ellipse(centre: Point(centre.x, centre.y - 0.036 * tall), across: across * 1.1, down: down * 0.6),
                with: hair, shading: shaded(0.04))
            canvas.fill(
                .limb(
                    from: Point(centre.x - across * (side < -0.3 ? 1.6 : 0.9), centre.y - 0.018 * tall),
                    to: Point(centre.x + across * (side > 0.3 ? 1.6 : 0.9), centre.y - 0.018 * tall),
                    radius: 0.009 * tall, endRadius: 0.009 * tall),
                with: .plain(looks.hairColour.scaled(by: 0.75)))
        }
    }

    private func drawBackpack(on canvas: inout Canvas) {
        // It hangs behind the body: to the left of someone who walks to the right.
        let middle = -side * 0.085
        let half = half(0.075, 0.05)
        let paint = Paint.plain(looks.bagColour)
        canvas.fill(
            .rectangle(at(middle - half, 0.8), at(middle + half, 0.57), radius: 0.03 * tall), with: paint,
            shading: shaded(0.05))
        if facing <= -0.2 {
            canvas.fill(
                .rectangle(at(middle - half * 0.7, 0.68), at(middle + half * 0.7, 0.59), radius: 0.02 * tall),
                with: .plain(looks.bagColour.scaled(by: 0.8)), shading: shaded(0.03))
        }
    }

    private func drawCarried(on canvas: inout Canvas) {
        let paint = Paint.plain(looks.bagColour)
        let strap = Paint.plain(looks.bagColour.scaled(by: 0.7))
        switch looks.bag {
        case .none: break
        case .backpack:
            guard facing > 0.15 else { break }
            for sign in [Float(-1), 1] {
                canvas.fill(
                    .limb(
                        from: at(sign * shoulder * 0.55, 0.825), to: at(sign * shoulder * 0.68, 0.64),
                        radius: 0.011 * tall, endRadius: 0.011 * tall),
                    with: strap, shading: shaded(0.01))
            }
        case .shoulderBag:
            let across = facing >= 0 ? hip : -hip
            canvas.fill(
                .limb(
                    from: at(-across * 0.6, 0.825), to: at(across * 0.95, 0.53), radius: 0.007 * tall,
                    endRadius: 0.007 * tall), with: strap)
            canvas.fill(
                .rectangle(at(across - 0.05, 0.545), at(across + 0.045, 0.46), radius: 0.014 * tall), with: paint,
                shading: shaded(0.025))
        case .handbag:
            let x = (facing >= 0 ? -1 : 1) * max(abs(facing) * shoulder + 0.01, 0.03) + side * 0.02
            canvas.fill(.limb(from: at(x, 0.475), to: at(x - 0.025, 0.41), radius: 1.3, endRadius: 1.3), with: strap)
            canvas.fill(.limb(from: at(x, 0.475), to: at(x + 0.025, 0.41), radius: 1.3, endRadius: 1.3), with: strap)
            canvas.fill(
                .rectangle(at(x - 0.045, 0.42), at(x + 0.045, 0.33), radius: 0.016 * tall), with: paint,
                shading: shaded(0.03))
        }
    }
}
