import Foundation
import Testing

@testable import Gallery

/// A file system in memory, of a fixed size; unmounted on deinit.
private final class SmallDisk {
    let folder: TemporaryFolder

    init(megabytes: Int) throws {
        folder = try TemporaryFolder()
        let status = try Self.run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path])
        try #require(status == 0)
    }

    deinit { _ = try? Self.run("/bin/umount", ["-l", folder.path]) }

    /// Whether this process may mount.
    static let isAvailable = (try? SmallDisk(megabytes: 1)) != nil

    /// Writes a file until there is no room left.
    func fill() throws {
        #expect(FileManager.default.createFile(atPath: folder.path + "/filler", contents: nil))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: folder.path + "/filler"))
        for size in [1 << 20, 1 << 12] {
            while (try? file.write(contentsOf: Data(count: size))) != nil {}
        }
        try file.close()
    }

    func makeRoom() throws { try FileManager.default.removeItem(atPath: folder.path + "/filler") }

    private static func run(_ program: String, _ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// A disk that is full while images are wiped.
@Suite struct FullDiskTests {
    @Test(.enabled(if: SmallDisk.isAvailable, "only who may mount can make a small disk"))
    func `a disk that is full while images are wiped is told, shows nothing of them, and passes`() throws {
        let disk = try SmallDisk(megabytes: 64)
        let store = try StoreFixture.open(disk.folder)
        let fixture = StoreFixture(folder: disk.folder, store: store)
        try store.createGallery(try #require(GalleryName("lobby")), model: StoreFixture.model, dimensions: 8)
        try fixture.enroll(
            try (0..<150).map {
                try .sample($0, bytes: ErasureTests.image($0, size: 40_000), person: "p\($0 % 3)")
            })
        // Leaves no write-ahead log that could be written again.
        try store.deleteImage(id: try #require(try fixture.enroll([try .sample(1000)]).first))
        try store.withoutWiping {
            let erased = try store.deleteImages(in: "lobby", matching: ImageFilter(person: "p1"), wipingUpTo: 0)
            #expect(erased == ErasedImages(count: 50, waiting: 50))
            try disk.fill()
            #expect(
                galleryError {
                    while try store.wipeSome().images > 0 {}
                } == .diskFull(path: disk.folder.database))
            #expect(try store.imagesToWipe() > 0)
            #expect(try store.images(in: "lobby", filter: ImageFilter(person: "p1"), limit: 9).items.isEmpty)
            let id = try #require(try store.allImages().first).id
            #expect(try store.content(of: id).bytes == ErasureTests.image(0, size: 40_000))
            try disk.makeRoom()
        }
        try store.finishWiping()
        #expect(try store.imagesToWipe() == 0)
        let stored = try disk.folder.storedBytes()
        #expect(!(0..<150).contains { $0 % 3 == 1 && stored.holds(ErasureTests.marker($0)) })
        #expect(try store.gallery("lobby").images == 100)
        try store.close()
    }
}
