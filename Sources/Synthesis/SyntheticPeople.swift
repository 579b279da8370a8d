internal import Foundation
public import Imaging
internal import Randomness

/// Invented pedestrians as surveillance cameras see them; everything follows from one seed.
///
/// A person wears the same clothes at every camera. A camera sees every person in the same scene and through the same
/// lens. Each sighting has its own pose, heading and box. The same arguments give the same bytes, on any number of
/// threads.
public struct SyntheticPeople: Sendable {
    /// The seed from which people, cameras and sightings follow.
    public let seed: UInt64
    /// The kinds of garments and carried things that are shown.
    public let garments: VariationPart
    /// The kinds of scenes that are shown.
    public let scenes: VariationPart

    /// - Parameters:
    ///   - seed: The seed from which people, cameras and sightings follow.
    ///   - garments: The kinds of garments and carried things that are shown.
    ///   - scenes: The kinds of scenes that are shown.
    public init(seed: UInt64, garments: VariationPart = .all, scenes: VariationPart = .all) {
        self.seed = seed
        self.garments = garments
        self.scenes = scenes
    }

    /// Renders one sighting, as the camera's recorder would store it.
    ///
    /// `ImageMaker` is faster for many images.
    ///
    /// - Parameters:
    ///   - person: The person's number, from 1.
    ///   - camera: The camera's number, from 1.
    ///   - sighting: The number of the sighting, from 1.
    /// - Returns: A box around the person at the recorder's resolution: 20 to 300 pixels wide and 50 to 500 high.
    public func image(person: Int, camera: Int, sighting: Int) -> RGBImage {
        var maker = ImageMaker(self)
        return maker.image(person: person, camera: camera, sighting: sighting)
    }
}

/// Renders many images, and reuses buffers from one image to the next; each thread needs its own.
public struct ImageMaker {
    /// Whether people are drawn; false: the same boxes of the same scenes, with nobody in them.
    public var showsPeople = true
    private let world: SyntheticPeople
    private var renderer = Renderer()
    private var cameras: [Int: SurveillanceCamera] = [:]

    /// - Parameter world: The people and cameras to render.
    public init(_ world: SyntheticPeople) { self.world = world }

    /// Renders one sighting, as the camera's recorder would store it.
    ///
    /// - Parameters:
    ///   - number: The person's number, from 1.
    ///   - cameraNumber: The camera's number, from 1.
    ///   - sighting: The number of the sighting, from 1.
    /// - Returns: A box around the person at the recorder's resolution: 20 to 300 pixels wide and 50 to 500 high.
    public mutating func image(person number: Int, camera cameraNumber: Int, sighting: Int) -> RGBImage {
        let camera = cameras[cameraNumber] ?? SurveillanceCamera(cameraNumber, seed: world.seed, scenes: world.scenes)
        cameras[cameraNumber] = camera
        var person = Person(number, seed: world.seed, garments: world.garments)
        var random = SeededGenerator(world.seed, number, cameraNumber, sighting, 30)
        person.setDown(&random)
        let pose = Pose(&random, holding: person.holding)
        let distance = random.number(camera.distances)
        let place = Vector(distance * random.number(-0.3...0.3), 0, distance)
        let heading = camera.path + (random.chance(0.5) ? 0 : .pi) + random.normal() * camera.pathSpread
        var figure = Figure(person, pose)
        figure.mesh.stand(heading: heading, at: place)
        let view = camera.view
        let body = Self.bounds(of: figure.mesh.vertices, from: view)
        addCompany(&figure, beside: place, number, &random)
        if !showsPeople { figure.mesh.reset() }
        let box = camera.detector.box(around: body, &random)
        let scale = random.number(camera.rows) / body.height
        let (width, height) = (max(12, Int(scale * box.width)), max(32, Int(scale * box.height)))
        // The encoder's blocks begin at the corner of the frame, not of the box.
        let (before, above) = (Int(random.next() % 8), Int(random.next() % 8))
        let frame = Window(
            left: box.left - Float(before) / scale, top: box.top - Float(above) / scale,
            width: Float(width + before) / scale, height: Float(height + above) / scale)
        var exposure = renderer.draw(
            figure, in: camera.scene, from: view, through: frame, width: width + before, height: height + above)
        let image = exposure.develop(camera.sensor, key: camera.key, &random)
        let video = camera.recorder.encoded(image, &random).cropped(x: before, y: above, width: width, height: height)
        return camera.recorder.stored(video)
    }

    /// Sometimes adds another person beside or in front.
    private func addCompany(
        _ figure: inout Figure, beside place: Vector, _ number: Int, _ random: inout SeededGenerator
    ) {
        let isFar = random.chance(0.16)
        guard isFar || random.chance(0.16) else { return }
        let other = Person(
            number + 1 + Int(random.number(0...5000)), seed: world.seed ^ 0xC0FFEE, garments: world.garments)
        let isInFront = random.chance(0.3)
        let aside =
            random.sign() * (isInFront ? random.number(0.3...0.6) : random.number(0.38...1.1)) * (isFar ? 1.3 : 1)
        let ahead =
            isFar ? random.number(2.5...9) : (isInFront ? random.number(-1.2 ... -0.5) : random.number(-0.3...2.5))
        figure.add(
            other, Pose(&random, holding: other.holding), heading: random.number(0...2 * .pi),
            at: place + Vector(aside, 0, ahead))
    }

    private static func bounds(of vertices: [Vertex], from view: Viewpoint) -> Window {
        var (low, high) = (Vector(repeating: .infinity), Vector(repeating: -.infinity))
        for vertex in vertices {
            let seen = view.project(vertex.position)
            low = pointwiseMin(low, seen)
            high = pointwiseMax(high, seen)
        }
        return Window(left: low.x, top: low.y, width: high.x - low.x, height: high.y - low.y)
    }
}
