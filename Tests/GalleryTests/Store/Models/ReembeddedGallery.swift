import Foundation
import GRDB
import Gallery
import Ranking
import Testing

/// A job that gives the gallery "lobby" vectors of a model that is made up: it reads the seed of a sample image in its bytes.
struct ReembeddingJob {
    static let model = "sha256:" + String(repeating: "b", count: 64)
    static let dimensions = 5

    /// What the job keeps of itself.
    private struct Cursor: Codable {
        var progress: ReembeddingProgress
        var change: String?
    }

    let id: String
    private let dimensions: Int

    /// Accepts the job and starts it; `dimensions`: the length of the new vectors.
    init(_ store: GalleryStore, dimensions: Int = Self.dimensions) throws {
        self.dimensions = dimensions
        let progress = ReembeddingProgress(of: try store.snapshot(of: "lobby"))
        id = try store.createJob(
            NewJob(.reembedding, gallery: "lobby", cursor: try Self.text(progress), createdBy: "ops")
        ).id
        try store.startJob(id)
    }

    private static func text(_ progress: ReembeddingProgress, change: String? = nil) throws -> String {
        String(decoding: try JSONEncoder().encode(Cursor(progress: progress, change: change)), as: UTF8.self)
    }

    /// The vector of the sample image with this seed.
    static func vector(_ seed: Int) -> [Float] { vector(seed, dimensions: dimensions) }

    static func vector(_ seed: Int, dimensions: Int) -> [Float] {
        unitVector(seed + 1_000, dimensions: dimensions)
    }

    /// The sample image with this seed, enrolled with the new model.
    static func sample(
        _ seed: Int, person: String? = nil, camera: String? = nil, at time: Timestamp? = nil
    ) throws -> NewImage {
        let old = try NewImage.sample(seed, person: person, camera: camera, at: time)
        return NewImage(
            sha256: old.sha256, content: old.content, width: old.width, height: old.height, embedding: vector(seed),
            model: model, personID: person, cameraID: camera, capturedAt: time)
    }

    /// The sample image with this seed, enrolled as a vector only.
    static func bare(_ seed: Int, person: String? = nil, camera: String? = nil) throws -> NewImage {
        let image = try NewImage.sample(seed, person: person, camera: camera)
        return NewImage(
            sha256: image.sha256, content: nil, width: nil, height: nil, embedding: image.embedding, model: image.model,
            personID: person, cameraID: camera)
    }

    private func vector(of content: ImageContent?) -> [Float]? {
        content.flatMap { Int(String(decoding: $0.bytes, as: UTF8.self).dropFirst("image ".count)) }
            .map { Self.vector($0, dimensions: dimensions) }
    }

    private func progress(_ store: GalleryStore) throws -> ReembeddingProgress {
        let cursor = try #require(try store.job(id: id).cursor)
        return try JSONDecoder().decode(Cursor.self, from: Data(cursor.utf8)).progress
    }

    /// Does the next unit from what is stored; returns whether it has embedded something.
    func step(_ store: GalleryStore, images: Int = 10) throws -> Bool {
        let progress = try progress(store)
        let next = try store.imagesToEmbed(in: "lobby", after: progress, atMost: images)
        guard next.isEmpty else {
            try store.keepNewVectors(
                of: next, next.map { vector(of: $0.content) }, in: "lobby", after: progress, job: id
            ) { try Self.text($0) }
            return true
        }
        let queries = try store.queriesToEmbed(in: "lobby", after: progress, atMost: 2)
        guard !queries.isEmpty else { return false }
        // A query whose first image begins with 0 cannot be embedded.
        let vectors = queries.map { query -> NewQueryVector? in
            guard let byte = query.images.first?.bytes.first, byte > 0 else { return nil }
            return NewQueryVector(vector: Self.vector(Int(byte), dimensions: dimensions), warnings: ["New."])
        }
        try store.keepNewVectors(of: queries, vectors, in: "lobby", after: progress, job: id) { try Self.text($0) }
        return true
    }

    /// The last unit; nil if there is more to embed.
    func change(_ store: GalleryStore) throws -> ModelChange? {
        let progress = try progress(store)
        return try store.changeModel(
            of: "lobby", to: Self.model, dimensions: dimensions, after: progress, job: id
        ) {
            let audit = AuditEvent(.galleryReembed, actor: "ops", target: "lobby", details: #"{"n":\#($0.images)}"#)
            return (try Self.text(progress, change: "\($0.images)"), audit)
        }
    }

    /// Does what is left, and ends the job.
    @discardableResult
    func finish(_ store: GalleryStore) throws -> ModelChange {
        while true {
            while try step(store) {}
            guard let change = try change(store) else { continue }
            try store.endJob(id, as: .completed)
            return change
        }
    }
}

/// What a gallery answers: everything about its images but their ids.
struct AnsweredGallery: Equatable {
    var images: [[String?]]
    var vectors: [[Float]]
    var means: [String: [Float]]
    var summary: [String]

    init(_ store: GalleryStore, _ name: String = "lobby") throws {
        let snapshot = try store.snapshot(of: name)
        images = try store.allImages(in: name).map {
            [$0.personID, $0.cameraID, $0.capturedAt?.rfc3339, $0.externalID, "\($0.sha256)", "\($0.isHeld)"]
        }
        vectors = snapshot.rows.map { snapshot.vectors[$0] }
        means = Dictionary(
            uniqueKeysWithValues: snapshot.cameraMeans.cameras.map { ($0, snapshot.cameraMeans.mean(of: $0)) })
        let counts = snapshot.summary
        summary = [
            counts.model, "\(counts.dimensions)", "\(counts.images)", "\(counts.people)", "\(counts.cameras)",
            "\(counts.camerasWithMean)",
        ]
    }
}
