import CSPRModel
import Foundation
import HTTP
import HTTPTypes
import Synchronization
import Testing

@testable import ReIDService

@Suite struct HealthTests {
    @Test func `readiness tells model and index, and ends with the service`() throws {
        let service = try TestService()
        defer { service.close() }
        try service.makeGallery("lobby")
        try service.enroll(try SearchTests.images(), in: "lobby")
        #expect(try service.ask(.get, "/livez").status == .ok)
        let ready = try service.ask(.get, "/readyz")
        #expect(ready.status == .ok)
        let answer: ReadinessAnswer = try ready.decoded()
        #expect(answer.status == "ready")
        #expect(answer.model.trained == false)
        #expect(answer.model.sha256 == service.context.model.identity)
        #expect(answer.index == .init(galleries: 1, images: 12))
        #expect(answer.warnings?.count == 1)
        #expect(try service.ask(.get, "/metrics").text.contains("\nreid_ready 1.0\n"))
        service.service.stop(grace: .zero)
        #expect(try service.ask(.get, "/readyz").status == .serviceUnavailable)
        #expect(try service.ask(.get, "/livez").status == .ok)
    }

    @Test func `the model tells that it is untrained`() throws {
        try withService { service in
            let model: ModelAnswer = try service.ask(.get, "/v1/model").decoded()
            #expect(model.trained == false)
            #expect(model.dimensions == service.context.model.dimensions)
            #expect(model.config == service.context.model.configuration)
            #expect(model.parameters == service.context.model.parameters)
            #expect(model.branches == 8)
            #expect(model.precision == "F32" && !model.mirrored)
            #expect(model.sha256.hasPrefix("sha256:"))
            #expect(try service.ask(.get, "/v1/model").object["config"] != nil)
        }
    }

    @Test func `the model tells the options of a search that names none, and what a search may send`() throws {
        try withService {
            $0.ranking.limit = 7
            $0.ranking.rerank = false
            $0.limits.imageBytes = 1_234_567
            $0.limits.results = 70
        } _: { service in
            let model: ModelAnswer = try service.ask(.get, "/v1/model").decoded()
            #expect(model.defaults.limit == 7 && !model.defaults.rerank)
            #expect(model.limits.imageBytes == 1_234_567 && model.limits.results == 70 && model.limits.images == 16)
            try service.makeGallery("lobby")
            let search: RankingAnswer = try service.post(
                "/v1/galleries/lobby/search", image: try TestImage(seed: 1).bytes
            ).decoded()
            // Whether cameras' means are subtracted is the gallery's matter, unless a search says it.
            var expected = model.defaults
            #expect(expected.cameraNormalization == nil)
            expected.cameraNormalization = true
            #expect(search.options == expected)
        }
    }

    @Test func `the dashboard is served from the public folder`() throws {
        let files = NSTemporaryDirectory() + "reid-public-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: files, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: files) }
        try "<!doctype html>".write(toFile: files + "/index.html", atomically: false, encoding: .utf8)
        try withService {
            $0.publicFolder = files
        } _: { service in
            let page = try service.ask(.get, "/")
            #expect(try page.text == "<!doctype html>")
            #expect(page.fields[.contentSecurityPolicy] != nil)
            #expect(try service.ask(.get, "/v1/nothing").status == .notFound)
        }
        try withService { service in
            let page = try service.ask(.get, "/")
            #expect(page.status == .notFound)
        }
    }

    @Test func `a data folder serves one service at a time`() throws {
        try withService { service in
            #expect(throws: (any Error).self) { try TestService(in: service.folder) }
        }
    }

    @Test func `a missing public folder or model stops the start with the path`() throws {
        #expect(throws: StartError.self) { try TestService { $0.publicFolder = "/nowhere/at/all" } }
        #expect(throws: (any Error).self) { try TestService { $0.modelPath = "/nowhere/model.safetensors" } }
        #expect(throws: StartError.self) { try TestService(in: "/proc/reid-data") }
    }
}

@Suite struct ReadinessTests {
    @Test func `readiness says that enrollment is held up, and that the audit cannot be written`() throws {
        try withService { service in
            service.context.enrollmentFault.withLock { $0 = "The disk is full" }
            var answer: ReadinessAnswer = try service.ask(.get, "/readyz").decoded()
            #expect(answer.status == "ready" && answer.enrollment == "held_up")
            #expect(answer.warnings?.contains("Enrollment is held up: The disk is full.") == true)
            service.context.enrollmentFault.withLock { $0 = nil }
            answer = try service.ask(.get, "/readyz").decoded()
            #expect(answer.enrollment == "running" && answer.warnings?.count == 1)
        }
    }
}
