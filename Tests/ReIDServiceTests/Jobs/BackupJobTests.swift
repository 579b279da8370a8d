import Foundation
import Gallery
import HTTP
import HTTPTypes
import Ranking
import Synchronization
import Testing

@testable import ReIDService

@Suite struct BackupJobTests {
    private func names(_ folder: ScratchFolder) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
    }

    /// A tar of different images.
    private func tar(_ seeds: Range<Int>) throws -> [UInt8] {
        testTar(try seeds.map { ("\($0).jpg", try testJPEG($0)) })
    }

    /// The images nearest to each image of the gallery, as ids.
    private func rankings(_ store: GalleryStore) throws -> [[String]] {
        let contents = try store.contents(of: "lobby")
        return contents.images.indices.map { query in
            let from = contents.embeddings[query]
            let distances = contents.images.indices.map { row in
                zip(from, contents.embeddings[row]).reduce(Float(0)) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }
            return contents.images.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }
                .map { contents.images[$0].id }
        }
    }

    @Test func `a backup while another batch enrolls is restored with the same images and rankings`() async throws {
        let backups = try ScratchFolder()
        let bench = try AdminBench {
            $0.jobs.backupFolders = [backups.path]
            $0.enrollmentCommitItems = 1
        }
        try bench.gallery()
        _ = try await bench.complete(try tar(0..<20), type: BatchType.tar)
        let before = try rankings(bench.context.store)
        let batch = try bench.enroll(try tar(20..<60), type: BatchType.tar).id
        let path = backups.path + "/a.sqlite"
        let job = try await bench.finishJob(try bench.backUp(to: path).json(JobAnswer.self).id)
        #expect(job.state == "completed", "\(job.reason ?? "")")
        #expect(try names(backups) == ["a.sqlite", "a.sqlite.sha256"])
        #expect(try await bench.finish(batch).enrolled == 40)
        guard case .number(let images) = job.result?["images"] else {
            Issue.record("\(String(describing: job.result))")
            return
        }
        #expect(20...60 ~= Int(images))

        let folder = try ScratchFolder()
        let data = DataFolder(folder.path)
        let restored = try Restoration(of: path, to: data.database)
        #expect(restored.contents.images == Int(images))
        // The body of the other batch is not in the backup, so it fails here.
        let other = try AdminBench(folder: folder)
        #expect(try other.context.store.gallery("lobby").images == Int(images))
        let found = try rankings(other.context.store)
        let old = Set(before.flatMap { $0 })
        #expect(found.prefix(20).map { $0.filter(old.contains) } == before)
        #expect(try other.context.store.job(id: job.id).state == .cancelled, "the backup ran when it was made")
        try other.close()
    }

    @Test func `a path that is not allowed is refused, and says what is allowed`() throws {
        let (allowed, elsewhere) = (try ScratchFolder(), try ScratchFolder())
        let bench = try AdminBench(start: false) { $0.jobs.backupFolders = [allowed.path] }
        try allowed.write("taken", [1])
        try allowed.write("sum.sha256", [1])
        try allowed.write("in/b", [1])
        try FileManager.default.createSymbolicLink(
            atPath: allowed.path + "/out", withDestinationPath: elsewhere.path)
        try FileManager.default.createSymbolicLink(atPath: allowed.path + "/nowhere", withDestinationPath: "/nowhere")
        for path in [
            "a.sqlite", "", "/", allowed.path + "/", allowed.path + "/../a", allowed.path + "//a",
            allowed.path + "/./a",
        ] {
            let answer = try bench.backUp(to: path)
            #expect(answer.status == 400 && answer.text.contains("path"), "\(path): \(answer.text)")
        }
        for path in [
            elsewhere.path + "/a", allowed.path + "/out/a", allowed.path + "/none/a", allowed.path + "/taken/a",
            allowed.path + "-2/a",
        ] {
            let answer = try bench.backUp(to: path)
            #expect(answer.status == 400 && answer.text.contains(allowed.path), "\(path): \(answer.text)")
        }
        for name in ["taken", "sum", "in", "out", "nowhere"] {
            #expect(try bench.backUp(to: allowed.path + "/" + name).status == 409, "\(name)")
        }
        #expect(try bench.backUp(to: allowed.path + "/in/a").status == 202)
        let body = Array(#"{"path": "/a", "size": 3}"#.utf8)
        #expect(try bench.send(.post, "/admin/v1/backup", body: .bytes(body)).status == 400)
    }

    @Test func `a backup that was killed begins anew, and leaves nothing else behind`() async throws {
        let (backups, folder, killed) = (try ScratchFolder(), try ScratchFolder(), try ScratchFolder())
        let path = backups.path + "/a.sqlite"
        let bench = try AdminBench(folder: folder) { $0.jobs.backupFolders = [backups.path] }
        try bench.gallery()
        _ = try await bench.complete(try tar(0..<5), type: BatchType.tar)
        // As soon as pages are copied: what a kill would leave, and an end of this process.
        let copied = Mutex<Set<String>>([])
        let jobs = bench.jobs
        let observation = bench.context.store.observe { change in
            guard case .job(_, .running) = change, copied.withLock({ $0.isEmpty }),
                let found = try? FileManager.default.contentsOfDirectory(atPath: backups.path), !found.isEmpty
            else { return }
            copied.withLock { $0 = Set(found) }
            let data = DataFolder(folder.path).database
            for suffix in ["", "-wal"] {
                try? FileManager.default.copyItem(
                    atPath: data + suffix, toPath: DataFolder(killed.path).database + suffix)
            }
            jobs.requestStop()
        }
        let id = try bench.backUp(to: path).json(JobAnswer.self).id
        jobs.join()
        observation.cancel()
        let part = "a.sqlite.\(id).part"
        #expect(copied.withLock { $0.contains(part) })
        #expect(try bench.context.store.job(id: id).state == .running)
        #expect(try names(backups).isEmpty, "a stop removes the copy")
        try bench.close()
        try backups.write(part, [1, 2, 3])
        try backups.write(part + "-journal", [1, 2, 3])

        let next = try AdminBench(folder: killed) { $0.jobs.backupFolders = [backups.path] }
        #expect(try await next.finishJob(id).state == "completed")
        #expect(try names(backups) == ["a.sqlite", "a.sqlite.sha256"])
        try next.close()
        let target = try ScratchFolder()
        #expect(try Restoration(of: path, to: DataFolder(target.path).database).contents.images == 5)

        // The same, after the copy got its name and before that was noted: it is not made again.
        let made = try #require(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int)
        let store = try GalleryStore(path: DataFolder(killed.path).database, logger: next.context.logger)
        let again = try store.createJob(NewJob(.backup, parameters: #"{"path":"\#(path)"}"#, createdBy: "test"))
        try store.startJob(again.id)
        let result = try #require(try store.job(id: id).result)
        try store.recordJob(again.id, done: 1, cursor: result)
        try store.close()
        let last = try AdminBench(folder: killed) { $0.jobs.backupFolders = [backups.path] }
        #expect(try await last.finishJob(again.id).state == "completed")
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int == made)
        try last.close()
    }

    @Test func `a running backup is cancelled between pieces, and leaves nothing behind`() async throws {
        let backups = try ScratchFolder()
        let bench = try AdminBench { $0.jobs.backupFolders = [backups.path] }
        let store = bench.context.store
        let observation = store.observe { change in
            guard case .job(let id, .running) = change, (try? store.job(id: id))?.isCancelRequested == false else {
                return
            }
            _ = try? store.requestJobCancel(id)
        }
        let job = try await bench.finishJob(try bench.backUp(to: backups.path + "/a").json(JobAnswer.self).id)
        observation.cancel()
        #expect(job.state == "cancelled" && job.cancelRequested && job.result == nil)
        #expect(try names(backups).isEmpty)
    }
}
