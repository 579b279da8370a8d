import CSPRModel
import Digests
import Embedding
import Gallery
import Glibc
import HTTP
import HTTPTypes
import Imaging
import Randomness
import Ranking
import Testing

@testable import ReIDService

@Suite struct ProbabilityTests {
    /// The query image of the person p0.
    static let known: UInt64 = 100

    /// Enrolls an image of each person at each camera, alike for one person.
    func enroll(
        people: Range<Int>, cameras: [String?] = ["a", "b"], seed: UInt64 = 1, in service: TestService,
        gallery: String = "lobby"
    ) throws {
        var generator = SeededGenerator(seed: seed)
        let dimensions = service.context.model.dimensions
        func unit(_ values: [Float]) -> [Float] {
            let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return values.map { $0 / length }
        }
        func random() -> [Float] { unit((0..<dimensions).map { _ in .random(in: -1...1, using: &generator) }) }
        let query = try decodeImage(try TestImage(seed: Self.known).bytes)
        let first = try service.context.embedder.embed([query], priority: .query).vectors[0]
        var outcomes: [ItemOutcome] = []
        for person in people {
            let center = person == 0 ? first : random()
            for camera in cameras {
                // From hardly to very different, so that some are nearer to other people.
                let noise = Float(person % 8) / 6
                let image = NewImage(
                    sha256: try SHA256.hash(Array("\(seed) \(person) \(camera ?? "")".utf8)), content: nil, width: nil,
                    height: nil, embedding: unit(zip(center, random()).map { $0 + noise * $1 }),
                    model: service.context.model.identity, personID: "p\(person)", cameraID: camera)
                outcomes.append(ItemOutcome(index: outcomes.count, name: nil, result: .image(image)))
            }
        }
        try service.record(outcomes, in: gallery)
    }

    /// Little to re-rank and to search for.
    func configure(_ configuration: inout Service.Configuration) {
        configuration.ranking.candidates = 12
        configuration.jobs.calibrationQueries = 100
    }

    func withLobby(_ body: (TestService) throws -> Void) throws {
        try withService(configure: configure) { service in
            try service.makeGallery("lobby")
            try enroll(people: 0..<60, in: service)
            try body(service)
        }
    }

    /// Asks for a calibration and waits for its end.
    @discardableResult
    func calibrate(_ service: TestService) throws -> JobAnswer {
        let answer = try service.askAdmin(.post, "/admin/v1/galleries/lobby/calibrate")
        #expect(answer.status == .accepted, "\(answer.said)")
        let job: JobAnswer = try answer.decoded()
        #expect(job.kind == "calibration" && job.gallery == "lobby")
        try service.finishJobs()
        return try service.askAdmin(.get, "/admin/v1/jobs/\(job.id)").decoded()
    }

    func search(_ service: TestService, _ query: String, seed: UInt64 = known) throws -> RankingAnswer {
        let response = try service.post(
            "/v1/galleries/lobby/search?\(query)", image: try TestImage(seed: seed).bytes)
        #expect(response.status == .ok, "\(response.said)")
        return try response.decoded()
    }

    /// The curve that the gallery's labels give.
    func curve(
        _ service: TestService, isNormalized: Bool, isReRanked: Bool
    ) throws -> Calibration {
        let snapshot = try service.store.snapshot(of: "lobby")
        let images = try service.store.contents(of: "lobby").images
        let labels = GalleryLabels(
            rows: images.indices, end: images.count, person: { images[$0].personID }, camera: { images[$0].cameraID })
        let defaults = service.context.configuration.ranking
        var search = CalibrationSearch()
        search.queries = 100
        search.isNormalized = isNormalized
        search.candidates = defaults.candidates
        if isReRanked {
            search.reRanking = try ReRanking(k1: defaults.k1, k2: defaults.k2, lambda: defaults.lambda)
        }
        let pairs = try search.pairs(of: labels, in: snapshot.vectors)
        return try Calibration(fit: pairs.fit, check: pairs.check)
    }

    @Test func `results have the probabilities that the gallery's own labels give them`() throws {
        try withLobby { service in
            let before: GalleryAnswer = try service.ask(.get, "/v1/galleries/lobby").decoded()
            #expect(before.calibration == nil)
            #expect(try search(service, "").results.allSatisfy { $0.probability == nil })
            let job = try calibrate(service)
            #expect(job.state == "completed" && job.done == 4 && job.total == 4, "\(job.reason ?? "")")
            let gallery: GalleryAnswer = try service.ask(.get, "/v1/galleries/lobby").decoded()
            let described = try #require(gallery.calibration)
            #expect(described.images == 120 && !described.stale && described.searches.count == 4)
            for (number, (isNormalized, isReRanked)) in [
                (false, false), (false, true), (true, false), (true, true),
            ].enumerated() {
                let expected = try curve(service, isNormalized: isNormalized, isReRanked: isReRanked)
                let report = described.searches[number]
                #expect(report.cameraNormalization == isNormalized && (report.reranking != nil) == isReRanked)
                #expect(report.brierScore == expected.report.brierScore && report.people == expected.report.people)
                #expect(report.rates.map(\.falseMatchRate) == expected.report.rates.map(\.falseMatchRate))
                let options = "rerank=\(isReRanked)&camera_normalization=\(isNormalized)"
                for grouping in ["", "&group_by=person"] {
                    let results = try search(service, options + "&limit=40" + grouping).results
                    #expect(results.count == 40)
                    for result in results {
                        let distance = isReRanked ? result.rerankedDistance : Double(result.distance)
                        #expect(result.probability == distance.map(expected.curve.probability(ofDistance:)))
                        #expect(result.images?.first?.probability == (grouping == "" ? nil : result.probability))
                    }
                    #expect((results.last?.probability == nil) == isReRanked, "past the candidates")
                }
            }
            for other in ["k1=5", "k2=1", "lambda=0.5", "candidates=13"] {
                #expect(try search(service, other).results.allSatisfy { $0.probability == nil }, "\(other)")
            }
        }
    }

    @Test func `a minimum probability keeps the first results, and needs a calibration of the same search`() throws {
        try withLobby { service in
            let image = try TestImage(seed: Self.known).bytes
            for path in ["search", "queries"] {
                let refused = try service.post("/v1/galleries/lobby/\(path)?min_probability=0.5", image: image)
                #expect(refused.status == .conflict && refused.said.contains("/lobby/calibrate"), "\(refused.said)")
            }
            try calibrate(service)
            let other = try service.post("/v1/galleries/lobby/search?min_probability=0.5&k1=5", image: image)
            #expect(other.status == .conflict && other.said.contains("k1 5"), "\(other.said)")
            for options in ["rerank=false", "rerank=true", "rerank=false&camera_normalization=false"] {
                let all = try search(service, options + "&limit=60").results
                let middle = try #require(all[3].probability)
                let some = try search(service, options + "&limit=60&min_probability=\(middle)")
                #expect(some.options.minimumProbability == middle)
                let expected = Array(all.prefix { ($0.probability ?? 0) >= middle })
                #expect(some.results == expected && 4..<60 ~= expected.count, "\(expected.count)")
            }
            #expect(try search(service, "min_probability=1").results.isEmpty)
            for wrong in ["2", "-0.1", "x"] {
                let answer = try service.post("/v1/galleries/lobby/search?min_probability=\(wrong)", image: image)
                #expect(answer.status == .badRequest && answer.said.contains("min_probability"))
            }
            let kept: QueryAnswer = try service.post(
                "/v1/galleries/lobby/queries?min_probability=0.5", image: image
            ).decoded()
            #expect(kept.options.minimumProbability == 0.5)
        }
    }

    @Test func `a kept query that has lost its probabilities shows nothing, and says why`() throws {
        try withLobby { service in
            try calibrate(service)
            var options = SearchOptions(defaults: service.context.configuration.ranking)
            options.k1 += 1
            options.minimumProbability = 0.1
            let snapshot = try service.store.snapshot(of: "lobby")
            let answer = try Search(store: service.store, snapshot: snapshot, options: options)
                .answer(for: snapshot.vectors[0], warnings: nil) { false }
            #expect(answer.results.isEmpty)
            #expect(answer.warnings?.count == 1 && answer.warnings?.first?.contains("not calibrated") == true)
        }
    }

    @Test func `a ranking whose best result is improbable says that nobody may be the person`() throws {
        try withLobby { service in
            func says(_ answer: RankingAnswer) -> Bool {
                answer.warnings?.contains { $0.hasPrefix("Nobody in this gallery may be the person") } ?? false
            }
            #expect(try !says(search(service, "rerank=false", seed: 7)), "nothing is known of probabilities")
            try calibrate(service)
            let found = try search(service, "rerank=false")
            let best = try #require(found.results.first?.probability)
            #expect(best >= 0.5 && !says(found))
            let others = try (200..<204).map { try search(service, "rerank=false", seed: $0) }
            for other in others {
                let best = try #require(other.results.first?.probability)
                #expect(says(other) == (best < 0.5))
            }
            let doubtful = try (7..<40).first { person in
                let one = try search(service, "rerank=false&exclude_camera=a&person=p\(person)")
                return (one.results.first?.probability ?? 1) < 0.5
            }
            let person = try #require(doubtful)
            let options = "rerank=false&exclude_camera=a&person=p\(person)"
            #expect(try says(search(service, options)))
            #expect(try says(search(service, options + "&min_probability=0.9")), "also when nothing is shown")
        }
    }

    @Test func `a calibration is stale once the gallery has grown by half, and rankings say so`() throws {
        try withLobby { service in
            try calibrate(service)
            func isStale() throws -> Bool? {
                try service.ask(.get, "/v1/galleries/lobby").decoded(as: GalleryAnswer.self).calibration?.stale
            }
            func says() throws -> Bool {
                try search(service, "").warnings?.contains { $0.contains("from 120 to 180 images") } ?? false
            }
            try enroll(people: 60..<89, seed: 2, in: service)
            #expect(try isStale() == false && !says())
            try enroll(people: 89..<90, seed: 3, in: service)
            #expect(try isStale() == true && says())
            #expect(try search(service, "").results.first?.probability != nil)
            try calibrate(service)
            #expect(try isStale() == false && !says())
        }
    }

    @Test func `a gallery with too few labels is refused, and told how many people are missing`() throws {
        try withService { service in
            for name in ["lobby", "yard"] { try service.makeGallery(name) }
            func ask(_ gallery: String = "lobby", token: String? = nil) throws -> ServerResponse {
                let path = "/admin/v1/galleries/\(gallery)/calibrate"
                guard let token else { return try service.askAdmin(.post, path) }
                return try service.send(.post, path, toAdmin: true, token: token)
            }
            #expect(try ask().status == .conflict)
            try enroll(people: 0..<12, in: service)
            let few = try ask()
            #expect(few.status == .conflict && few.said.contains("12; 38 more"), "\(few.said)")
            try enroll(people: 0..<60, cameras: ["a"], in: service, gallery: "yard")
            let one = try ask("yard")
            #expect(one.status == .conflict && one.said.contains("one camera"), "\(one.said)")
            #expect(try ask("nowhere").status == .notFound)
            let token = try service.token("yard", ["admin"], galleries: ["yard"])
            #expect(try ask("lobby", token: token).status == .notFound)
            #expect(try ask("yard", token: token).status == .conflict)
            #expect(try service.store.unfinishedJobs().isEmpty)
            service.context.audit.flush()
            let rows = try service.store.audit(after: 0, limit: 100).filter { $0.action == "job.accept" }
            #expect(rows.count > 3 && rows.allSatisfy { $0.outcome.hasPrefix("refused: 4") })
        }
    }

    @Test func `a job goes on after a restart, and one of a gallery that is gone or that is cancelled changes nothing`()
        throws
    {
        let service = try TestService(configure: configure)
        try service.makeGallery("lobby")
        try enroll(people: 0..<50, in: service)
        func accept(_ service: TestService) throws -> String {
            try service.askAdmin(.post, "/admin/v1/galleries/lobby/calibrate").decoded(as: JobAnswer.self).id
        }
        let first = try accept(service)
        service.service.stop(grace: .zero)
        let next = try TestService(in: service.folder, configure: configure)
        try next.finishJobs()
        #expect(try next.store.job(id: first).state == .completed)
        let calibration = try #require(try next.store.gallery("lobby").calibration)
        let rows = try next.store.audit(after: 0, limit: 100).filter { $0.target == first }
        #expect(rows.map(\.action) == ["job.accept", "job.end"])
        #expect(rows.allSatisfy { $0.details.contains(#""gallery":"lobby""#) })
        let before = try search(next, "")
        #expect(before.results.first?.probability != nil)
        next.service.stop(grace: .zero)

        let last = try TestService(in: service.folder, configure: configure)
        defer { last.close() }
        #expect(try search(last, "").results == before.results)
        let cancelled = try accept(last)
        try last.store.startJob(cancelled)
        _ = try last.askAdmin(.post, "/admin/v1/jobs/\(cancelled)/cancel")
        try last.finishJobs()
        #expect(try last.store.job(id: cancelled).state == .cancelled)
        #expect(try last.store.gallery("lobby").calibration == calibration)
        let orphan = try accept(last)
        try last.store.deleteGallery("lobby")
        try last.finishJobs()
        #expect(try last.store.job(id: orphan).state == .cancelled)
    }
}

extension TestService {
    /// Does all accepted jobs.
    fileprivate func finishJobs() throws {
        let runner = JobRunner(context: context)
        runner.start()
        defer { runner.stop() }
        for _ in 0..<6000 where try !store.unfinishedJobs().isEmpty { usleep(10_000) }
    }
}
