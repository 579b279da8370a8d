internal import Datasets
internal import Foundation
internal import Imaging
internal import ReIDService

#if canImport(FoundationNetworking)
    internal import FoundationNetworking
#endif

/// Fills the gallery `demo` of a running service with drawn people, through the admin API.
struct DemoGallery {
    let admin: String
    let tokenFile: String

    /// Creates the gallery and enrols its pictures; does nothing where it exists and has them.
    func create() throws {
        let token = try Admin.token(in: tokenFile)
        let client = try APIClient(base: admin, token: token)
        let gallery = try client.send(
            client.request("PUT", ["admin", "v1", "galleries", "demo"]), as: GalleryCount.self)
        guard gallery.images == 0 else { return }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("reid-demo-\(UUID().uuidString).tar")
        defer { try? FileManager.default.removeItem(at: file) }
        do {
            try write(to: file)
        } catch {
            throw CommandFailure("the demo gallery: \(describe(error))")
        }
        var request = client.request("POST", ["admin", "v1", "galleries", "demo", "batches"])
        request.setValue("application/x-tar", forHTTPHeaderField: "Content-Type")
        // The same key at every start: a batch that is still running is not sent again.
        request.setValue("reid-demo-gallery-1", forHTTPHeaderField: "Idempotency-Key")
        _ = try client.send(request, body: .file(file), as: BatchState.self)
    }

    private struct GalleryCount: Decodable {
        let images: Int
    }

    private func write(to file: URL) throws {
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        var tar = TarWriter(to: handle)
        var manifest: [UInt8] = []
        for picture in drawDemoPeople(people: 12, cameras: 4, seed: 1) {
            try tar.append(picture.name, picture.image.jpeg(quality: 92))
            let item = [
                "image": picture.name, "person_id": picture.personID, "camera_id": picture.cameraID,
                "captured_at": picture.capturedAt,
            ]
            manifest += try JSONEncoder().encode(item) + [UInt8(ascii: "\n")]
        }
        try tar.append("manifest.ndjson", manifest)
        try tar.finish()
    }
}
