internal import Foundation

/// Draws figures in scenes; keeps its buffers from image to image.
struct Renderer {
    private var buffer = GeometryBuffer()
    private var shadows = ShadowMap()

    /// The linear light in each pixel of `window`.
    mutating func draw(
        _ figure: Figure, in scene: Scene, from view: Viewpoint, through window: Window, width: Int, height: Int
    ) -> Exposure {
        let over = height < 110 ? 3 : 2
        buffer.reset(width: width * over, height: height * over)
        buffer.draw(figure.mesh, from: view, through: window)
        shadows.draw(figure.mesh, light: scene.light)
        let shader = Shader(figure, scene: scene, eye: view.eye)
        let pixelSize = window.height / Float(height)
        let axis = view.ray(window.left + window.width / 2, window.top + window.height / 2).unit
        let backdrop = Backdrop(
            scene, eye: view.eye, pixel: pixelSize, towards: axis,
            spread: 0.55 * (window.width * window.width + window.height * window.height).squareRoot())
        let feet = Self.feet(of: figure)
        let samples = over * over
        var pixels: [RGB] = []
        pixels.reserveCapacity(width * height)
        for row in 0..<height {
            let y = window.top + (Float(row) + 0.5) * pixelSize
            for column in 0..<width {
                let x = window.left + (Float(column) + 0.5) * window.width / Float(width)
                let ray = view.ray(x, y)
                var sum = RGB.zero
                var covered = 0
                var last: (material: UInt8, light: RGB) = (0, .zero)
                for sample in 0..<samples {
                    let index = (row * over + sample / over) * buffer.width + column * over + sample % over
                    let material = buffer.material[index]
                    guard material > 0 else { continue }
                    covered += 1
                    if material != last.material || over > 2 {
                        let depth = buffer.depth[index]
                        let position = view.eye + ray * depth
                        let sun = shadows.light(at: position, bias: 0.035)
                        last.light = shader.light(
                            shader.surfaces[Int(material)], at: position, bare: buffer.normal[index],
                            place: buffer.place[index], footprint: depth * pixelSize * 0.7, sun: sun)
                        last.material = material
                    }
                    sum += last.light
                }
                if covered < samples {
                    let behind = backdrop.light(from: ray) { place in
                        let sky = Self.openness(at: place, feet)
                        return (shadows.light(at: place, bias: 0.01), sky)
                    }
                    sum += behind * Float(samples - covered)
                }
                pixels.append(sum * (1 / Float(samples)))
            }
        }
        return Exposure(width: width, height: height, pixels: pixels)
    }

    /// The share of the sky's light that reaches a place on the ground past shoes and legs.
    @inline(__always)
    private static func openness(at place: Vector, _ feet: [Vector]) -> Float {
        var open: Float = 1
        for foot in feet {
            let offset = place - foot
            let square = offset.dot(offset)
            if square > 1.5 { continue }
            open *= 1 - 0.5 * exp(-square * 22) - 0.22 * exp(-square * 3.5)
        }
        return open
    }

    /// Places on the ground below the lowest parts, where people stand.
    private static func feet(of figure: Figure) -> [Vector] {
        var feet: [Vector] = []
        for vertex in figure.mesh.vertices where vertex.position.y < 0.05 {
            let place = Vector(vertex.position.x, 0, vertex.position.z)
            if !feet.contains(where: { ($0 - place).length < 0.16 }) { feet.append(place) }
        }
        return feet
    }
}
