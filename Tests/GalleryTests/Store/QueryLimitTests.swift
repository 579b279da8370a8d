import Foundation
import Synchronization
import Testing

@testable import Gallery

@Suite struct QueryLimitTests {
    private func query(_ bytes: Int = 10, by token: String? = nil, until end: Timestamp? = nil) -> NewQuery {
        NewQuery(
            gallery: "lobby", options: Array("{}".utf8), isStanding: false,
            images: [ImageContent(bytes: Array(repeating: 7, count: bytes), mediaType: "image/png")],
            vector: unitVector(7), model: StoreFixture.model, createdBy: token, expiresAt: end)
    }

    @Test func `queries are limited in all, for each token, and in bytes`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        var limits = KeptQueryLimits()
        limits.queriesPerToken = 2
        limits.queries = 4
        let first = try store.keepQuery(query(by: "t_1"), limits: limits)
        #expect(first.createdBy == "t_1")
        _ = try store.keepQuery(query(by: "t_1"), limits: limits)
        #expect(
            galleryError { _ = try store.keepQuery(query(by: "t_1"), limits: limits) }
                == .tooManyQueries(limit: 2, ofToken: true))
        _ = try store.keepQuery(query(by: "t_2"), limits: limits)
        _ = try store.keepQuery(query(), limits: limits)
        #expect(
            galleryError { _ = try store.keepQuery(query(), limits: limits) }
                == .tooManyQueries(limit: 4, ofToken: false))
        // Deleting makes room again.
        try store.deleteQuery(id: first.id)
        _ = try store.keepQuery(query(by: "t_1"), limits: limits)
        #expect(try store.queries(limit: 10).items.count == 4)
    }

    @Test func `images and rankings count together`() throws {
        let fixture = try StoreFixture()
        var limits = KeptQueryLimits()
        limits.bytes = 1000
        let ranking = NewRanking(content: Array(repeating: 0x20, count: 300), galleryRevision: 0, images: [])
        _ = try fixture.store.keepQuery(query(300), ranking: ranking, limits: limits)
        #expect(
            galleryError { _ = try fixture.store.keepQuery(query(300), ranking: ranking, limits: limits) }
                == .queriesTooLarge(limit: 1000))
        let second = try fixture.store.keepQuery(query(400), limits: limits)
        #expect(galleryError { _ = try fixture.store.keepQuery(query(1), limits: limits) } != nil)
        try fixture.store.deleteQuery(id: second.id)
        _ = try fixture.store.keepQuery(query(1), limits: limits)
    }

    @Test func `a first ranking is stored with its query, unless an image in it was erased`() throws {
        let fixture = try StoreFixture()
        let image = try #require(try fixture.enroll([try .sample(1)]).first)
        let content = Array(#"{"results": ["\#(image)"]}"#.utf8)
        let ranking = NewRanking(content: content, galleryRevision: 1, images: [image])
        let kept = try fixture.store.keepQuery(query(), ranking: ranking)
        #expect(kept.rankingRevision == 1 && kept.rankedRevision == 1)
        #expect(try fixture.store.ranking(of: kept.id)?.content == content)
        #expect(try fixture.store.queries(limit: 1).items.first?.rankedRevision == 1)
        try fixture.store.deleteImage(id: image)
        #expect(try fixture.store.query(id: kept.id).rankedRevision == nil)
        let later = try fixture.store.keepQuery(query(), ranking: ranking)
        #expect(later.rankingRevision == 0 && later.rankedRevision == nil)
    }

    @Test func `a query whose time is over is not shown, and is erased with a row in the audit`() throws {
        let fixture = try StoreFixture()
        let store = fixture.store
        let start = fixture.clock.now
        let kept = try store.keepQuery(query())
        let ending = try store.keepQuery(query(until: start.adding(seconds: 60)))
        #expect(ending.expiresAt == start.adding(seconds: 60))
        func clean(_ days: Int? = nil) throws -> Int {
            try store.deleteExpiredQueries(keptFor: days) { id, gallery in
                AuditEvent(.queryDelete, actor: "service", target: id, details: #"{"gallery":"\#(gallery)"}"#)
            }
        }
        #expect(try clean() == 0)
        fixture.clock.advance(seconds: 60)
        #expect(galleryError { _ = try store.query(id: ending.id) } == .unknownQuery(ending.id))
        #expect(galleryError { _ = try store.queryImage(of: ending.id) } == .unknownQuery(ending.id))
        #expect(galleryError { _ = try store.ranking(of: ending.id) } == .unknownQuery(ending.id))
        #expect(try store.queries(limit: 9).items.map(\.id) == [kept.id])
        let log = ChangeLog()
        let observation = store.observe { log.append($0) }
        #expect(try clean() == 1)
        #expect(log.all == [.queryDeleted(id: ending.id)])
        #expect(try store.audit(limit: 9).items.map(\.target) == [ending.id])
        // Days hold for every query.
        fixture.clock.advance(seconds: 86_400)
        #expect(try clean(2) == 0)
        #expect(try clean(1) == 1)
        #expect(try store.queries(limit: 9).items.isEmpty)
        observation.cancel()
    }

    @Test func `deleting queries gives their space back to the file system`() throws {
        let fixture = try StoreFixture()
        func size() throws -> Int {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.folder.database)
            return attributes[.size] as? Int ?? 0
        }
        let ids = try (0..<30).map { _ in try fixture.store.keepQuery(query(1_000_000)).id }
        for id in ids.dropLast(20) { try fixture.store.deleteQuery(id: id) }
        let before = try size()
        #expect(before > 20_000_000)
        while try fixture.store.giveBackSpace() {}
        #expect(try size() <= before - 9_000_000)
        #expect(try fixture.store.queries(limit: 100).items.count == 20)
        #expect(try fixture.store.queryImage(of: ids[29]).bytes == Array(repeating: 7, count: 1_000_000))
        if TemporaryFolder.hasClient { #expect(try fixture.folder.sqlite("PRAGMA integrity_check") == "ok") }
    }

    @Test func `rewriting the file makes temporary files beside the database alone`() throws {
        let fixture = try StoreFixture()
        for _ in 0..<20 { _ = try fixture.store.keepQuery(query(1_000_000)) }
        let isDone = Atomic(false)
        let found = Mutex<Set<String>>([])
        let hasEnded = DispatchSemaphore(value: 0)
        Thread {
            while !isDone.load(ordering: .acquiring) {
                let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
                let names = files.compactMap {
                    try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
                }
                found.withLock { $0.formUnion(names) }
            }
            hasEnded.signal()
        }.start()
        for _ in 0..<3 { try fixture.store.compact() }
        isDone.store(true, ordering: .releasing)
        hasEnded.wait()
        let names = found.withLock { $0 }
        #expect(names.contains(fixture.folder.database), "the files are seen")
        // SQLite's temporary files have such names. The folder is one for all stores of a process, and other tests have stores.
        let folders = names.filter { $0.contains("/etilqs") }.map { ($0 as NSString).deletingLastPathComponent }
        #expect(!folders.isEmpty)
        let all = (fixture.folder.path as NSString).deletingLastPathComponent
        #expect(folders.allSatisfy { $0.hasPrefix("\(all)/reid-gallery-") }, "\(folders)")
    }
}
