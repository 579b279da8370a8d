internal import Foundation
internal import Randomness

/// One camera: its place, its scene, and its lens, sensor and recorder.
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
    /// The direction in which people mostly walk, in radians, and how strictly they follow it.
    let path: Float
    let pathSpread: Float

    init(_ number: Int, seed: UInt64, scenes: VariationPart) {
        var random = SeededGenerator(seed, number, 20)
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

    /// The camera's place; it looks at the middle of the area where people walk.
    var view: Viewpoint {
        let middle = (distances.lowerBound + distances.upperBound) / 2
        return Viewpoint(height: height, pitch: atan2(height - 0.9, middle), roll: roll)
    }

    /// The light that automatic exposure takes as white.
    var key: Float { (scene.light.sky + scene.light.sun * 0.45).luminance * 1.15 }
}
