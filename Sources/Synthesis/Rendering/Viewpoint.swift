internal import Foundation

/// Where a camera is and how its image plane lies: looking along z, pitched down.
struct Viewpoint {
    let eye: Vector
    let right: Vector
    let up: Vector
    let forward: Vector

    init(height: Float, pitch: Float, roll: Float) {
        eye = Vector(0, height, 0)
        forward = Vector(0, -sin(pitch), cos(pitch))
        let level = Vector(-1, 0, 0)
        let upright = Vector(0, cos(pitch), sin(pitch))
        right = level * cos(roll) + upright * sin(roll)
        up = upright * cos(roll) - level * sin(roll)
    }

    /// The place on the image plane (x right, y down, at distance 1), and the depth.
    @inline(__always)
    func project(_ place: Vector) -> Vector {
        let offset = place - eye
        let depth = max(offset.dot(forward), 0.05)
        return Vector(offset.dot(right) / depth, -offset.dot(up) / depth, depth)
    }

    /// The direction through a place on the image plane, with length 1 along the axis.
    @inline(__always)
    func ray(_ x: Float, _ y: Float) -> Vector { forward + right * x - up * y }
}

/// A part of the image plane, in its units.
struct Window {
    var left: Float
    var top: Float
    var width: Float
    var height: Float
}
