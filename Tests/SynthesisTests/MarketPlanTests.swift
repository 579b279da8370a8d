import Testing

@testable import Synthesis

@Suite struct MarketPlanTests {
    @Test func `training has each person at each camera under a name of Market-1501`() {
        let plan = MarketPlan(split: .train, people: 3, cameras: 4, sightings: 2, seed: 1)
        #expect(plan.images.count == 24)
        #expect(Set(plan.images.map(\.name)).count == 24)
        for image in plan.images {
            #expect(image.folder == "bounding_box_train")
            #expect(image.name.wholeMatch(of: /\d{4}_c\ds\d_\d{6}_\d\d\.jpg/) != nil, "\(image.name)")
            #expect(image.name.hasPrefix("000\(image.person)_c\(image.camera)s"))
        }
    }

    @Test(arguments: [1, 2, 3])
    func `every query has a match in the gallery at another camera`(sightings: Int) {
        let plan = MarketPlan(split: .test, people: 5, cameras: 3, sightings: sightings, distractors: 4, seed: 1)
        let queries = plan.images.filter { $0.folder == "query" }
        let gallery = plan.images.filter { $0.folder == "bounding_box_test" }
        #expect(queries.count == (sightings == 1 ? 5 : 15))
        #expect(queries.count + gallery.count == 15 * sightings + 4)
        for query in queries {
            #expect(gallery.contains { $0.person == query.person && $0.camera != query.camera })
        }
        #expect(gallery.filter { $0.name.hasPrefix("0000_") }.count == 4)
        #expect(gallery.filter { $0.name.hasPrefix("0000_") }.allSatisfy { $0.person > 5 })
    }

    @Test func `fewer cameras a person are chosen by the seed, and stay when people are added`() {
        let few = MarketPlan(split: .train, people: 20, cameras: 30, camerasPerPerson: 4, sightings: 1, seed: 1)
        let many = MarketPlan(split: .train, people: 40, cameras: 30, camerasPerPerson: 4, sightings: 1, seed: 1)
        #expect(few.images == Array(many.images.prefix(80)))
        #expect(Set(few.images.filter { $0.person == 1 }.map(\.camera)).count == 4)
        #expect(Set(few.images.map(\.camera)).count > 15)
    }
}
