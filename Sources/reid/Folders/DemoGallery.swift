internal import Datasets
internal import Foundation
internal import HTTP
internal import Imaging
internal import ReIDService
internal import Synthesis

/// Fills the gallery `demo` of a running service with rendered people, through the admin API, and writes query images
/// of the same people by another camera.
struct DemoGallery {
    let admin: String
    let tokenFile: String
    /// The certificates to trust if the address begins with https://; nil: those that the system trusts.
    let authorities: String?
    /// The folder of the query images.
    let queries: String

    /// The number of people, and of cameras whose images are enrolled.
    private static let (people, cameras) = (12, 4)

    /// The path of the query image of a person, from 1.
    private func query(_ person: Int) -> String { "\(queries)/person-\(person).jpg" }

    /// The path of a query image.
    var firstQuery: String { query(1) }

    /// The longest time that `create` waits for the images to be enrolled, in seconds.
    private static let patience = 120.0

    /// Creates the gallery, enrolls its images, and writes the query images; does nothing if all of that exists.
    ///
    /// Returns once the images can be found, after `patience`, or when `isStopped` returns true.
    func create(isStopped: () -> Bool) throws {
        do {
            try writeQueries()
        } catch {
            throw CommandFailure("\(queries): \(describe(error))")
        }
        let client = try APIClient(base: admin, authorities: authorities, token: AdminListener.token(in: tokenFile))
        let gallery: GalleryAnswer = try client.send(client.request("PUT", ["admin", "v1", "galleries", "demo"]))
        guard gallery.images == 0 else { return }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("reid-demo-\(UUID().uuidString).tar")
        defer { try? FileManager.default.removeItem(at: file) }
        do {
            try write(to: file)
        } catch {
            throw CommandFailure("the demo gallery: \(describe(error))")
        }
        var request = try client.request("POST", ["admin", "v1", "galleries", "demo", "batches"])
        request.add("Content-Type", "application/x-tar")
        // The key is the same at every start, so that a batch that still runs is not sent again.
        request.add("Idempotency-Key", "reid-demo-gallery-3")
        var batch: BatchAnswer = try client.send(request, body: .file(path: file.path))
        let start = ContinuousClock.now
        while !batch.isOver, !isStopped(), (ContinuousClock.now - start) / .seconds(1) < Self.patience {
            Thread.sleep(forTimeInterval: 0.1)
            batch = try client.send(client.request("GET", ["admin", "v1", "batches", batch.id]))
        }
    }

    private func writeQueries() throws {
        try FileManager.default.createDirectory(atPath: queries, withIntermediateDirectories: true)
        var maker = ImageMaker(SyntheticPeople(seed: Self.seed))
        for person in 1...Self.people {
            _ = try maker.keepImage(person: person, camera: Self.cameras + 1, sighting: 1, at: query(person))
        }
    }

    private func write(to file: URL) throws {
        try Data().write(to: file)
        let handle = try FileHandle(forWritingTo: file)
        defer { try? handle.close() }
        var tar = TarWriter(to: handle)
        var manifest: [UInt8] = []
        var maker = ImageMaker(SyntheticPeople(seed: Self.seed))
        let plan = MarketPlan(
            split: .train, people: Self.people, cameras: Self.cameras, sightings: 1, seed: Self.seed)
        for image in plan.images {
            let rendered = maker.image(person: image.person, camera: image.camera, sighting: image.sighting)
            try tar.append(image.name, rendered.jpeg(quality: 92))
            guard let name = MarketName(image.name), let person = name.personID else { continue }
            let item = [
                "image": image.name, "person_id": person, "camera_id": name.cameraID,
                "captured_at": Self.time(image.person * 40 + image.camera * 127),
            ]
            manifest += try JSONEncoder().encode(item) + [UInt8(ascii: "\n")]
        }
        try tar.append("manifest.ndjson", manifest)
        try tar.finish()
    }

    /// A seed that no training uses, so that no network was trained on these people.
    private static let seed: UInt64 = 0xDE30_0001

    /// The RFC 3339 text of the time `seconds` after 08:00 on 2 March 2026.
    private static func time(_ seconds: Int) -> String {
        Date(timeIntervalSince1970: 1_772_438_400 + Double(seconds)).ISO8601Format()
    }
}
