import Randomness
import Testing

@testable import Synthesis

@Suite struct PersonTests {
    private static func person(_ number: Int, seed: UInt64 = 1) -> Person {
        Person(number, seed: seed, garments: .all)
    }

    @Test func `people differ in body and clothes`() {
        let people = (1...60).map { Self.person($0) }
        let colors = people.map { person in
            [person.outfit.top.cloth.pattern.ground, person.outfit.bottom.cloth.pattern.ground, person.skin]
        }
        #expect(Set(colors).count == 60)
        #expect(Set(people.map(\.physique.height)).count > 50)
    }

    @Test func `some neighbors wear the same clothes and differ in details`() {
        let pairs = stride(from: 1, to: 400, by: 2).map { (Self.person($0), Self.person($0 + 1)) }
        let twins = pairs.filter { $0.0.outfit.top.cloth.folds == $0.1.outfit.top.cloth.folds }
        #expect((8...50).contains(twins.count))
        #expect(twins.allSatisfy { $0.0.offset != $0.1.offset })
    }

    @Test func `clothes are mostly dark or gray, as they are in the street`() {
        let tops = (1...600).map { Self.person($0).outfit.top.cloth.pattern.ground }
        let dark = tops.filter { $0.max() < 0.2 }.count
        let gray = tops.filter { $0.max() - $0.min() < 0.12 * max($0.max(), 0.2) }.count
        #expect(dark > 150 && dark < 450)
        #expect(gray > 120 && gray < 450)
    }

    @Test func `training garments leave out the kinds that are held out`() {
        let held: Set<Pattern.Kind> = [.gingham, .camouflage, .zigzag, .patches]
        func kinds(_ part: VariationPart) -> [Pattern.Kind] {
            (1...300).flatMap { number -> [Pattern.Kind] in
                let outfit = Person(number, seed: 2, garments: part).outfit
                return [outfit.top.cloth.pattern.kind, outfit.bottom.cloth.pattern.kind]
            }
        }
        #expect(held.isDisjoint(with: kinds(.train)))
        #expect(kinds(.test).filter(held.contains).count > 2 * kinds(.all).filter(held.contains).count)
    }

    @Test func `a held thing is where the hand is`() {
        for number in 1...200 {
            let person = Self.person(number)
            var random = SeededGenerator(9, number)
            let pose = Pose(&random, holding: person.holding)
            for thing in person.carried where thing.kind == .handbag {
                #expect((thing.side == 0 ? pose.arms.0 : pose.arms.1) == .carry)
            }
        }
    }
}
