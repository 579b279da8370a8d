import Randomness
import Testing

@testable import Synthesis

@Suite struct FigureTests {
    private static func figure(_ number: Int) -> (Person, Figure) {
        let person = Person(number, seed: 3, garments: .all)
        var random = SeededGenerator(3, number)
        return (person, Figure(person, Pose(&random, holding: person.holding)))
    }

    @Test(arguments: 1...40)
    func `a figure stands on the ground and is as tall as the person`(number: Int) throws {
        let (person, figure) = Self.figure(number)
        let heights = figure.mesh.vertices.map(\.position.y)
        let lowest = try #require(heights.min())
        let highest = try #require(heights.max())
        #expect(abs(lowest) < 0.08)
        // Hats and umbrellas make a figure taller; bent knees and stooping make it shorter.
        let isTaller = person.hat.kind != .none || person.carried.contains { $0.kind == .umbrella }
        #expect(highest > person.physique.height * 0.88)
        #expect(isTaller || highest < person.physique.height * 1.08)
    }

    @Test(arguments: 1...40)
    func `all of a figure is finite, with normals of length 1 and known materials`(number: Int) {
        let (_, figure) = Self.figure(number)
        for vertex in figure.mesh.vertices {
            #expect((vertex.position.x + vertex.position.y + vertex.position.z).isFinite)
            #expect(abs(vertex.normal.length - 1) < 1e-3)
            #expect((0...1).contains(vertex.openness))
        }
        #expect(figure.mesh.triangles.allSatisfy { (1..<figure.surfaces.count).contains(Int($0.material)) })
        #expect(figure.mesh.triangles.allSatisfy { Int(max($0.a, $0.b, $0.c)) < figure.mesh.vertices.count })
    }

    @Test func `limbs keep their length in every pose`() {
        for number in 1...50 {
            var random = SeededGenerator(4, number)
            let physique = Physique(&random)
            let skeleton = Skeleton(physique, Pose(&random, holding: (nil, nil)))
            for arm in skeleton.arms {
                #expect(abs((arm.joint - arm.root).length - physique.upperArm) < 1e-3)
                #expect(abs((arm.end - arm.joint).length - physique.foreArm) < 1e-3)
            }
            for leg in skeleton.legs {
                #expect(abs((leg.joint - leg.root).length - (physique.hipHeight - physique.kneeHeight)) < 1e-3)
            }
        }
    }

    @Test func `the same cloth has the same color at every camera before the camera's effects`() {
        // The albedo depends on the place on the garment alone; light and lens come after it.
        let person = Person(8, seed: 3, garments: .all)
        var colors: [[RGB]] = []
        for sighting in 1...5 {
            var random = SeededGenerator(3, sighting)
            let figure = Figure(person, Pose(&random, holding: person.holding))
            colors.append(figure.surfaces.map { $0.pattern.color(at: [0.05, 0.2], footprint: 0.01, noise: .shared) })
        }
        #expect(Set(colors).count == 1)
    }
}
