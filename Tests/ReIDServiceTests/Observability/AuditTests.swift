import CSPRModel
import Digests
import Foundation
import GRDB
import HTTPTypes
import Testing

@testable import Gallery
@testable import HTTP
@testable import ReIDService

/// What the audit keeps of the requests to both listeners.
@Suite struct AuditTests {
    /// A request that changes or shows something, and the action that it leaves in the audit.
    private struct Deed: Sendable {
        let method: HTTPRequest.Method
        let pattern: String
        let action: AuditAction
        /// Makes the request.
        let ask: @Sendable (Bench) throws -> ServerResponse
    }

    /// A service with a gallery of two images, a kept query and a batch.
    private struct Bench: Sendable {
        let service: TestService
        let image: TestImage
        let images: [String]

        init(_ service: TestService) throws {
            self.service = service
            image = try TestImage(seed: 1, person: "0042")
            try service.makeGallery("lobby")
            images = try service.enroll([image, try TestImage(seed: 2)], in: "lobby")
        }

        func accept() throws -> BatchAnswer {
            let line = #"{"image_base64": "\#(Data(image.bytes).base64EncodedString())"}"# + "\n"
            return try service.askAdmin(
                .post, "/admin/v1/galleries/lobby/batches", fields: [.contentType: "application/x-ndjson"],
                body: Array(line.utf8)
            ).decoded()
        }

        /// Adds a vector of each of two cameras for each person.
        func label(people: Int) throws {
            let model = service.context.model
            let outcomes = try (0..<2 * people).map { number in
                var vector = [Float](repeating: 0, count: model.dimensions)
                vector[number % vector.count] = 1
                let image = NewImage(
                    sha256: try SHA256.hash(Array("labeled \(number)".utf8)), content: nil, width: nil, height: nil,
                    embedding: vector, model: model.identity, personID: "p\(number / 2)", cameraID: "c\(number % 2)")
                return ItemOutcome(index: number, name: nil, result: .image(image))
            }
            try service.record(outcomes, in: "lobby")
        }

        var rows: [AuditRecord] {
            get throws {
                service.context.audit.flush()
                return try service.store.audit(after: 0, limit: 1000)
            }
        }
    }

    private static let token = #"{"name": "dock", "scopes": ["query"], "galleries": null, "expires_at": null}"#

    private static let deeds: [Deed] = [
        Deed(method: .post, pattern: "/v1/galleries/{gallery}/search", action: .search) { bench in
            try bench.service.post("/v1/galleries/lobby/search?limit=1", image: bench.image.bytes)
        },
        Deed(method: .post, pattern: "/v1/compare", action: .comparison) { bench in
            try bench.service.ask(.post, "/v1/compare?image_id=\(bench.images[0])&image_id=\(bench.images[1])")
        },
        Deed(method: .post, pattern: "/v1/embeddings", action: .embedding) { bench in
            try bench.service.post("/v1/embeddings", image: bench.image.bytes)
        },
        Deed(method: .post, pattern: "/v1/galleries/{gallery}/queries", action: .queryCreate) { bench in
            try bench.service.post("/v1/galleries/lobby/queries", image: bench.image.bytes)
        },
        Deed(method: .post, pattern: "/v1/queries/{query}/ranking", action: .rankingUpdate) { bench in
            let query = try #require(try bench.service.store.queries(limit: 1).items.first)
            try bench.service.enroll([try TestImage(seed: 99)], in: "lobby")
            return try bench.service.ask(.post, "/v1/queries/\(query.id)/ranking")
        },
        Deed(method: .delete, pattern: "/v1/queries/{query}", action: .queryDelete) { bench in
            let query = try #require(try bench.service.store.queries(limit: 1).items.first)
            return try bench.service.ask(.delete, "/v1/queries/\(query.id)")
        },
        Deed(method: .put, pattern: "/admin/v1/galleries/{gallery}", action: .galleryCreate) { bench in
            try bench.service.askAdmin(.put, "/admin/v1/galleries/hall")
        },
        Deed(method: .patch, pattern: "/admin/v1/galleries/{gallery}", action: .galleryUpdate) { bench in
            try bench.service.askAdmin(
                .patch, "/admin/v1/galleries/lobby", body: Array(#"{"camera_normalization": false}"#.utf8))
        },
        Deed(method: .post, pattern: "/admin/v1/galleries/{gallery}/batches", action: .batchAccept) { bench in
            _ = try bench.accept()
            return ServerResponse(.accepted)
        },
        Deed(method: .post, pattern: "/admin/v1/batches/{batch}/cancel", action: .batchCancel) { bench in
            let batch = try #require(try bench.service.store.unfinishedBatches().first)
            return try bench.service.askAdmin(.post, "/admin/v1/batches/\(batch.id)/cancel")
        },
        Deed(method: .post, pattern: "/admin/v1/compact", action: .jobAccept) { bench in
            try bench.service.askAdmin(.post, "/admin/v1/compact")
        },
        Deed(method: .post, pattern: "/admin/v1/backup", action: .jobAccept) { bench in
            let path = bench.service.context.folder.backups + "/a.sqlite"
            return try bench.service.askAdmin(.post, "/admin/v1/backup", body: Array(#"{"path": "\#(path)"}"#.utf8))
        },
        Deed(method: .post, pattern: "/admin/v1/galleries/{gallery}/calibrate", action: .jobAccept) { bench in
            try bench.label(people: 50)
            return try bench.service.askAdmin(.post, "/admin/v1/galleries/lobby/calibrate")
        },
        Deed(method: .post, pattern: "/admin/v1/galleries/{gallery}/reembed", action: .jobAccept) { bench in
            try bench.service.store.createGallery(
                try #require(GalleryName("yard")), model: "sha256:0000", dimensions: 4)
            return try bench.service.askAdmin(.post, "/admin/v1/galleries/yard/reembed")
        },
        Deed(method: .post, pattern: "/admin/v1/jobs/{job}/cancel", action: .jobCancel) { bench in
            let job = try #require(try bench.service.store.unfinishedJobs().first)
            return try bench.service.askAdmin(.post, "/admin/v1/jobs/\(job.id)/cancel")
        },
        Deed(method: .put, pattern: "/admin/v1/galleries/{gallery}/hold", action: .imagesHold) { bench in
            try bench.service.askAdmin(.put, "/admin/v1/galleries/lobby/hold?id=\(bench.images[0])")
        },
        Deed(method: .delete, pattern: "/admin/v1/galleries/{gallery}/hold", action: .imagesRelease) { bench in
            try bench.service.askAdmin(.delete, "/admin/v1/galleries/lobby/hold?id=\(bench.images[0])")
        },
        Deed(method: .delete, pattern: "/admin/v1/images/{image}", action: .imageDelete) { bench in
            try bench.service.askAdmin(.delete, "/admin/v1/images/\(bench.images[1])")
        },
        Deed(method: .delete, pattern: "/admin/v1/galleries/{gallery}/images", action: .imagesDelete) { bench in
            try bench.service.askAdmin(.delete, "/admin/v1/galleries/lobby/images?person=0042")
        },
        Deed(method: .post, pattern: "/admin/v1/galleries/{gallery}/erase", action: .jobAccept) { bench in
            try bench.service.askAdmin(.post, "/admin/v1/galleries/lobby/erase?person=0042")
        },
        Deed(method: .put, pattern: "/admin/v1/galleries/{gallery}/retention", action: .retentionSet) { bench in
            try bench.service.askAdmin(
                .put, "/admin/v1/galleries/lobby/retention", body: Array(#"{"seconds": 60, "by": "captured_at"}"#.utf8))
        },
        Deed(method: .delete, pattern: "/admin/v1/galleries/{gallery}/retention", action: .retentionSet) { bench in
            try bench.service.askAdmin(.delete, "/admin/v1/galleries/lobby/retention")
        },
        Deed(method: .post, pattern: "/admin/v1/tokens", action: .tokenCreate) { bench in
            try bench.service.askAdmin(.post, "/admin/v1/tokens", body: Array(Self.token.utf8))
        },
        Deed(method: .delete, pattern: "/admin/v1/tokens/{token}", action: .tokenDelete) { bench in
            let token = try #require(try bench.service.store.tokens().first { $0.name == "dock" })
            return try bench.service.askAdmin(.delete, "/admin/v1/tokens/\(token.id)")
        },
        Deed(method: .post, pattern: "/v1/session", action: .sessionCreate) { bench in
            let secret = try bench.service.authorization.dropFirst("Bearer ".count)
            return try bench.service.ask(.post, "/v1/session", body: Array(#"{"token": "\#(secret)"}"#.utf8))
        },
        Deed(method: .delete, pattern: "/v1/session", action: .sessionDelete) { bench in
            try bench.service.ask(.delete, "/v1/session", fields: [.authorization: try bench.service.authorization])
        },
        Deed(method: .delete, pattern: "/admin/v1/galleries/{gallery}", action: .galleryDelete) { bench in
            try bench.service.askAdmin(.delete, "/admin/v1/galleries/lobby")
        },
    ]

    @Test func `every route that is not a read leaves exactly one row of its action`() throws {
        try withService { service in
            let routes = service.service.queryRouter.routes + service.service.adminRouter.routes
            let changing = routes.filter { $0.method != .get }.map { "\($0.method) \($0.pattern)" }
            #expect(Set(changing) == Set(Self.deeds.map { "\($0.method) \($0.pattern)" }))
            let bench = try Bench(service)
            for deed in Self.deeds {
                let before = try bench.rows.count
                let response = try deed.ask(bench)
                #expect(response.status.kind == .successful, "\(deed.pattern): \(response.status)")
                let rows = try bench.rows.dropFirst(before)
                #expect(rows.map(\.action) == [deed.action.rawValue], "\(deed.pattern)")
                #expect(rows.first?.outcome == "ok" && rows.first?.address == "127.0.0.1", "\(deed.pattern)")
                #expect(rows.first?.target.isEmpty == (deed.action == .embedding), "\(deed.pattern)")
            }
        }
    }

    @Test func `a search leaves its gallery, options, the image's digest and the ids shown`() throws {
        try withService { service in
            let bench = try Bench(service)
            let answer: RankingAnswer = try service.post(
                "/v1/galleries/lobby/search?limit=2&rerank=false", image: bench.image.bytes
            ).decoded()
            let row = try #require(try bench.rows.last)
            #expect(row.target == "lobby" && row.actor == "anonymous")
            let details: JSONValue = try fromJSON(Array(row.details.utf8))
            #expect(details["gallery"] == "lobby")
            #expect(details["options"]?["limit"] == 2 && details["options"]?["rerank"] == false)
            #expect(details["normalization"]?["applied"] == false && details["normalization"]?["cameras"] == 0)
            #expect(details["images"] == [.text(hexString(try SHA256.hash(bench.image.bytes)))])
            #expect(details["shown"]?.items.compactMap(\.text) == answer.results.map(\.imageID))
            #expect(answer.results.count == 2)
            #expect(details["request"] == "test")
        }
    }

    @Test func `no row holds a secret, an image or a vector`() throws {
        try withService { service in
            let bench = try Bench(service)
            for deed in Self.deeds { _ = try deed.ask(bench) }
            let everything = try bench.rows.map { "\($0)" }.joined()
            let secret = try service.authorization.dropFirst("Bearer ".count)
            #expect(!everything.contains(secret))
            #expect(!everything.contains(Data(bench.image.bytes).base64EncodedString().prefix(40)))
            #expect(!everything.contains("vector\":["))
            // A digest, an id and the options: no row is large.
            #expect(try bench.rows.allSatisfy { $0.details.utf8.count < 2000 })
        }
    }

    @Test func `a refused change is a row with the reason, and its repetitions are counted`() throws {
        try withService { service in
            let bench = try Bench(service)
            for _ in 0..<50 { #expect(try service.askAdmin(.delete, "/admin/v1/galleries/none").status == .notFound) }
            #expect(try service.askAdmin(.delete, "/admin/v1/images/none").status == .notFound)
            var rows = try bench.rows
            #expect(rows.map(\.action) == ["gallery.delete", "image.delete"])
            #expect(rows.map(\.outcome) == ["refused: 404 not-found", "refused: 404 not-found"])
            #expect(rows.map(\.target) == ["none", "none"])
            service.context.audit.endMinute()
            rows = try bench.rows
            #expect(rows.count == 3 && rows.last?.details == #"{"repeated":49}"#)
        }
    }

    @Test func `a request that its token does not allow is noted under the token's name`() throws {
        try withService { service in
            let secret = try service.token("ingest", ["enroll"])
            #expect(try service.send(.get, "/admin/v1/tokens", toAdmin: true, token: secret).status == .forbidden)
            #expect(try service.send(.get, "/admin/v1/tokens", toAdmin: true).status == .unauthorized)
            service.context.audit.flush()
            let rows = try service.store.audit(after: 0, limit: 10)
            #expect(rows.map(\.actor) == ["ingest", "anonymous"])
            #expect(rows.map(\.outcome) == ["refused: 403 insufficient-scope", "refused: 401 unauthorized"])
        }
    }

    @Test func `a flood of wrong tokens from many addresses stays within its limit`() throws {
        try withService(configure: { $0.audit.refusalsPerMinute = 10 }) { service in
            for address in 0..<100 {
                for _ in 0..<3 {
                    let request = try ServerRequest(
                        method: .get, target: "/admin/v1/batches", fields: [.authorization: "Bearer wrong-secret"],
                        peer: "192.0.2.\(address)")
                    #expect(try service.service.adminRouter.respond(to: request).answer.status == .unauthorized)
                }
            }
            service.context.audit.endMinute()
            service.context.audit.flush()
            let rows = try service.store.audit(after: 0, limit: 1000)
            #expect(rows.allSatisfy { $0.action == "access.refused" })
            #expect(rows.count == 10 + 10 + 1)
            let counted = try rows.compactMap { row -> Int? in
                let details: JSONValue = try fromJSON(Array(row.details.utf8))
                guard case .number(let count) = details["repeated"] else { return nil }
                return Int(count)
            }
            #expect(10 + counted.reduce(0, +) == 300, "every refusal is counted")
            #expect(!rows.contains { "\($0)".contains("wrong-secret") })
        }
    }

    @Test func `the list is in pages, newest first, and in lines, oldest first`() throws {
        try withService { service in
            let bench = try Bench(service)
            for deed in Self.deeds { _ = try deed.ask(bench) }
            let all = try bench.rows
            let first: ListAnswer<AuditAnswer> = try service.askAdmin(.get, "/admin/v1/audit?limit=7").decoded()
            let next = try #require(first.next)
            let rest: ListAnswer<AuditAnswer> = try service.askAdmin(
                .get, "/admin/v1/audit?limit=1000&cursor=\(next)"
            ).decoded()
            #expect(rest.next == nil)
            #expect(try (first.items + rest.items).reversed().map { try $0.record } == all)

            let accept = try service.askAdmin(.get, "/admin/v1/audit", fields: [.accept: "application/x-ndjson"])
            let lines = try accept.lines()
            #expect(accept.fields[.contentType] == "application/x-ndjson")
            var verifier = AuditVerifier()
            for line in lines { try verifier.check(try fromJSON(line, as: AuditAnswer.self).record) }
            #expect(verifier.count == Int64(all.count))
            let some = try service.askAdmin(.get, "/admin/v1/audit?format=ndjson&after=3&limit=2").lines()
            #expect(try some.map { try fromJSON($0, as: AuditAnswer.self).sequence } == [4, 5])
            let page: ListAnswer<AuditAnswer> = try service.askAdmin(
                .get, "/admin/v1/audit?format=json&after=3&limit=1000"
            ).decoded()
            #expect(try page.items.reversed().map { try $0.record } == Array(all.drop { $0.sequence <= 3 }))
            let found: ListAnswer<AuditAnswer> = try service.askAdmin(
                .get, "/admin/v1/audit?action=query.create&actor=anonymous&gallery=lobby"
            ).decoded()
            #expect(found.items.map(\.action) == ["query.create"])
            #expect(try service.askAdmin(.get, "/admin/v1/audit?action=none").status == .badRequest)
            #expect(try service.askAdmin(.get, "/admin/v1/audit?format=ndjson&cursor=a1").status == .badRequest)
        }
    }

    @Test func `searches wait for room and lose no row`() async throws {
        let service = try TestService { $0.audit.queueLimit = 3 }
        defer { service.close() }
        let audit = service.context.audit
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for _ in 0..<25 { try? audit.record(AuditEvent(.search, actor: "writer \(writer)")) }
                }
            }
        }
        audit.flush()
        #expect(try service.store.audit(after: 0, limit: 1000).count == 100)
    }

    @Test func `an audit that cannot be written refuses searches until it can`() throws {
        try withService { service in
            let bench = try Bench(service)
            try service.store.failAudit(true)
            _ = try service.post("/v1/galleries/lobby/search", image: bench.image.bytes)
            service.context.audit.flush()
            let refused = try service.post("/v1/galleries/lobby/search", image: bench.image.bytes)
            #expect(refused.status == .serviceUnavailable && refused.fields[.retryAfter] != nil)
            #expect(try service.post("/v1/embeddings", image: bench.image.bytes).status == .serviceUnavailable)
            #expect(try service.askAdmin(.put, "/admin/v1/galleries/hall").status.kind == .serverError)
            #expect(throws: GalleryError.self) { try service.store.gallery("hall") }
            try service.store.failAudit(false)
            service.context.audit.flush()
            #expect(try service.post("/v1/galleries/lobby/search", image: bench.image.bytes).status == .ok)
            #expect(try bench.rows.filter { $0.action == "search" }.count == 2)
        }
    }

    @Test func `an audit that is not required lets searches go on, and says how many rows are lost`() throws {
        try withService(configure: {
            $0.audit.isRequired = false
            $0.audit.queueLimit = 2
        }) { service in
            let bench = try Bench(service)
            try service.store.failAudit(true)
            for _ in 0..<5 {
                #expect(try service.post("/v1/galleries/lobby/search", image: bench.image.bytes).status == .ok)
                service.context.audit.flush()
            }
            try service.store.failAudit(false)
            let rows = try bench.rows
            #expect(rows.map(\.action) == ["search", "search", "audit.lost"])
            #expect(rows.last?.details == #"{"rows":3}"#)
        }
    }

    @Test func `a start and a stop are rows, and a stop writes what waits`() throws {
        let service = try TestService { $0.audit.delay = 60_000 }
        defer { service.close() }
        try service.service.start()
        try service.context.audit.record(AuditEvent(.search, actor: "dock"))
        service.service.stop(grace: .zero)
        let store = try GalleryStore(path: service.context.folder.database, logger: service.context.logger)
        #expect(try store.audit(after: 0, limit: 9).map(\.action) == ["service.start", "search", "service.stop"])
        try store.close()
    }
}

extension GalleryStore {
    /// Lets every attempt to write to the audit fail, or no longer.
    fileprivate func failAudit(_ fails: Bool) throws {
        let trigger = "CREATE TRIGGER failure BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"
        try write { db, _ in try db.execute(sql: fails ? trigger : "DROP TRIGGER failure") }
    }
}

extension ServerResponse {
    /// The lines of a body that is produced while it is sent.
    fileprivate func lines() throws -> [[UInt8]] {
        guard case .stream(let stream) = body else { throw TestFailure.bodyIsNotInMemory }
        var bytes: [UInt8] = []
        while let piece = try stream.next() { bytes += piece }
        return bytes.split(separator: 0x0A).map(Array.init)
    }
}
