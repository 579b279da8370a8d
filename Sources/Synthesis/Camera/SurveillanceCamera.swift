internal import Foundation

/// One camera: where it hangs, what it sees, and what its lens, sensor and encoder do to images.
struct SurveillanceCamera {
    let number: Int
    let scene: Scene
    /// Meters above the ground, radians down, radians tilted sideways.
    let height: Float
    let roll: Float
    /// Meters to people.
    let distances: ClosedRange<Float>
    /// Rows that a person takes in this camera's video.
    let rows: ClosedRange<Float>
    let sensor: Sensor
    let detector: Detector
    let recorder: Recorder
    /// Directions in which people mostly walk here, radians, and how much they keep to them.
    let path: Float
    let pathSpread: Float

    init(_ number: Int, seed: UInt64, scenes: VariationPart) {
        var random = SeededRandom(seed, number, 20)
        self.number = number
        height = random.pick(weighted: [
            random.number(1.4...2.2): 2.5, random.number(2.2...3.6): 5, random.number(3.6...7): 3.5,
        ])
        let near = max(3.2, height * random.number(0.9...2.6))
        distances = near...(near * random.number(1.25...2.2))
        roll = random.normal() * 0.02
        scene = Scene(distance: distances, part: scenes, &random)
        let middle = random.scale(78...330)
        rows = (middle * 0.78)...(middle * 1.25)
        sensor = Sensor(isIndoors: scene.light.isIndoors, &random)
        detector = Detector(&random)
        recorder = Recorder(&random)
        path = random.number(0...2 * .pi)
        pathSpread = random.pick([0.25, 0.6, 3])
    }

    /// Where it hangs, looking at the middle of where people walk.
    var view: Viewpoint {
        let middle = (distances.lowerBound + distances.upperBound) / 2
        return Viewpoint(height: height, pitch: atan2(height - 0.9, middle), roll: roll)
    }

    /// The light that automatic exposure takes as white.
    var key: Float { (scene.light.sky + scene.light.sun * 0.45).luminance * 1.15 }
}
