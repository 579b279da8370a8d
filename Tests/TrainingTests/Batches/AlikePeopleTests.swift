import Randomness
import Testing

@testable import Training

@Suite struct AlikePeopleTests {
    @Test(arguments: [(5, 3), (300, 7), (4, 9)])
    func `the people found are those with the largest inner products`(people: Int, count: Int) {
        var random = SeededGenerator(seed: 7)
        let dimensions = 16
        // Few different values, so that there are ties.
        let vectors = (0..<people * dimensions).map { _ in Float(Int.random(in: -2...2, using: &random)) }
        let found = AlikePeople.nearest(count, of: vectors, dimensions: dimensions)
        #expect(found.count == people)
        for person in 0..<people {
            let expected = (0..<people).filter { $0 != person }.map { other in
                (
                    other,
                    (0..<dimensions).reduce(Float(0)) {
                        $0 + vectors[person * dimensions + $1] * vectors[other * dimensions + $1]
                    }
                )
            }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(count).map(\.0)
            #expect(found[person] == expected)
        }
    }

    @Test func `a run that is stopped while people are compared goes on like any other`() throws {
        let folder = try TemporaryFolder()
        var recipe = smallRecipe()
        (recipe.imagesPerPerson, recipe.drawsAlike) = (2, true)
        let first = try makeTrainer(folder, run: "parts", recipe: recipe)
        #expect(try first.run(isStopped: { true }) == .interrupted)
        #expect(first.standing.updates == 0)
        #expect(try makeTrainer(folder, run: "parts", recipe: recipe, isResuming: true).run() == .finished)
        _ = try makeTrainer(folder, run: "whole", recipe: recipe).run()
        #expect(try losses(folder, run: "parts") == losses(folder, run: "whole"))
        recipe.drawsAlike = nil
        _ = try makeTrainer(folder, run: "random", recipe: recipe).run()
        #expect(try losses(folder, run: "random") != losses(folder, run: "whole"))
    }

    @Test func `batches of people who look alike need several images of each`() {
        var recipe = smallRecipe()
        recipe.drawsAlike = true
        let error = TrainingError.invalidRecipe(field: "drawsAlike", expected: "no, or imagesPerPerson above 0")
        #expect(throws: error) { try recipe.validate() }
    }
}
