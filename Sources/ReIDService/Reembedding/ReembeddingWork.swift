internal import CSPRModel
internal import Embedding
internal import Foundation
internal import Gallery
internal import Imaging
internal import Logging

/// Gives a gallery vectors of the served model, or makes a copy of it that has them.
///
/// A unit embeds a few images, or kept queries, and keeps their vectors beside the present ones together with the job's
/// progress. The last unit puts them in place of the present ones, in one transaction. A copy is a gallery of its own that
/// each unit adds to.
struct ReembeddingWork: JobWork {
    let service: ServiceContext

    var kind: JobKind { .reembedding }

    /// The kept queries of a unit.
    private static let queriesAtOnce = 4
    /// The seconds between two looks whether queries wait for the previous network, and the most looks of a unit.
    private static let pause = (seconds: 0.005, looks: 200)

    /// The job that gives a gallery vectors of the served model, or makes a copy of the name `copy`.
    ///
    /// - Throws: `sameModel`, `galleryExists`.
    static func job(for snapshot: GallerySnapshot, copy: GalleryName?, _ service: ServiceContext) throws -> WantedJob {
        guard snapshot.model != service.model.identity else {
            throw GalleryError.sameModel(gallery: snapshot.name, model: snapshot.model)
        }
        var parameters: [String: JSONValue] = ["model": .text(service.model.identity), "from": .text(snapshot.model)]
        if let copy {
            guard !service.store.galleries().contains(where: { $0.name == copy.rawValue }) else {
                throw GalleryError.galleryExists(copy.rawValue)
            }
            parameters["into"] = .text(copy.rawValue)
        }
        let cursor = ReembeddingCursor(progress: ReembeddingProgress(of: snapshot), result: nil)
        return WantedJob(gallery: snapshot.name, parameters: parameters, cursor: try cursor.text)
    }

    func step(_ job: JobRecord, _ control: JobControl) throws -> JobStep {
        guard let gallery = job.gallery, let text = job.cursor else { throw JobFailure("the job has lost its place") }
        let cursor: ReembeddingCursor = try fromJSON(Array(text.utf8))
        if let result = cursor.result {
            service.modelChanges.end(gallery)
            return .done(result: String(decoding: try jsonBytes(result), as: UTF8.self))
        }
        let parameters: ReembeddingParameters = try fromJSON(Array(job.parameters.utf8))
        guard parameters.model == service.model.identity else {
            throw JobFailure(
                "the job was accepted for the model \(parameters.model), but \(service.model.identity) is served now; "
                    + "start it again")
        }
        let unit = Unit(service: service, job: job.id, gallery: gallery, progress: cursor.progress, control: control)
        do {
            let progress =
                if let copy = parameters.into { try unit.copy(to: copy) } else { try unit.embed() }
            if let progress {
                let seen = Int64(progress.seen)
                _ = try control.goesOn(done: seen, of: try service.store.job(id: job.id).total ?? seen)
                return .more
            }
            if let copy = parameters.into {
                try unit.end(copy: copy)
            } else {
                try unit.changeModel(asker: job.createdBy)
            }
            return .more
        } catch EmbedderError.cancelled, EmbedderError.stopped {
            return .more
        } catch {
            service.modelChanges.end(gallery)
            throw error
        }
    }

    func discard(_ job: JobRecord) {
        if let gallery = job.gallery { service.modelChanges.end(gallery) }
        do {
            try service.store.forgetNewVectors()
            let parameters: ReembeddingParameters = try fromJSON(Array(job.parameters.utf8))
            // The runner may have the job as it was when it was accepted.
            guard let text = try service.store.job(id: job.id).cursor, let copy = parameters.into else { return }
            let cursor: ReembeddingCursor = try fromJSON(Array(text.utf8))
            guard try service.store.isCopy(copy, of: cursor.progress) else { return }
            try service.store.deleteGallery(
                copy,
                audit: .byService(
                    .galleryDelete, of: copy, details: ["gallery": JSONValue.text(copy), "job": .text(job.id)]))
        } catch {
            service.logger.warning(
                "what a job has made is not removed", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
    }

    /// One unit of a job.
    private struct Unit {
        let service: ServiceContext
        let job: String
        let gallery: String
        let progress: ReembeddingProgress
        let control: JobControl

        /// Embeds the next images, or else the next kept queries; nil if there are none.
        func embed() throws -> ReembeddingProgress? {
            if let (images, vectors) = try nextImages() {
                return try service.store.keepNewVectors(
                    of: images, vectors, in: gallery, after: progress, job: job, cursor: text)
            }
            let queries = try service.store.queriesToEmbed(
                in: gallery, after: progress, atMost: ReembeddingWork.queriesAtOnce)
            guard !queries.isEmpty else { return nil }
            return try service.store.keepNewVectors(
                of: queries, queries.map(vector), in: gallery, after: progress, job: job, cursor: text)
        }

        /// Copies the next images; nil if there are none.
        func copy(to name: String) throws -> ReembeddingProgress? {
            guard progress.hasCopy else {
                guard let name = GalleryName(name) else { throw JobFailure("\(name) is not a gallery's name") }
                return try service.store.beginCopy(
                    of: gallery, as: name, model: service.model.identity, dimensions: service.model.dimensions,
                    after: progress, job: job, cursor: text)
            }
            guard let (images, vectors) = try nextImages() else { return nil }
            return try service.store.copyImages(
                images, vectors, from: gallery, to: name, after: progress, job: job, cursor: text)
        }

        /// Puts the new vectors in the place of the old ones, unless there are images again that have none.
        func changeModel(asker: String?) throws {
            // What is enrolled meanwhile waits, so that this comes to an end.
            service.modelChanges.begin(gallery)
            let model = service.model
            let from = try service.store.gallery(gallery).model
            let change = try service.store.changeModel(
                of: gallery, to: model.identity, dimensions: model.dimensions, after: progress, job: job
            ) { change in
                let result = ReembeddingResult(change, model: model.identity)
                var event = try AuditEvent.byService(
                    .galleryReembed, of: gallery,
                    details: ReembeddingDetails(gallery: gallery, from: from, job: job, result: result))
                event.actor = asker ?? event.actor
                return (try ReembeddingCursor(progress: progress, result: result).text, event)
            }
            guard let change else { return }
            service.modelChanges.end(gallery)
            service.logger.notice(
                "a gallery has another model",
                metadata: [
                    "gallery": "\(gallery)", "model": "\(model.identity)", "images": "\(change.images)",
                    "left_behind": "\(change.leftBehind)", "queries": "\(change.queries)",
                ])
        }

        /// Notes what came of a copy.
        func end(copy name: String) throws {
            let result = ReembeddingResult(
                model: service.model.identity, into: name, images: progress.copied,
                leftBehind: progress.seen - progress.copied)
            try service.store.recordJob(
                job, done: Int64(progress.seen), total: Int64(progress.seen),
                cursor: ReembeddingCursor(progress: progress, result: result).text)
        }

        private func text(_ progress: ReembeddingProgress) throws -> String {
            try ReembeddingCursor(progress: progress, result: nil).text
        }

        /// The next images with their vectors; nil if there are none.
        private func nextImages() throws -> (images: [ImageToEmbed], vectors: [[Float]?])? {
            let configuration = service.configuration
            let images = try service.store.imagesToEmbed(
                in: gallery, after: progress,
                atMost: min(configuration.enrollmentChunk, max(1, configuration.embedder.queueLimit / 4)))
            guard !images.isEmpty else { return nil }
            var decoded: [(place: Int, image: RGBImage)] = []
            for (place, image) in images.enumerated() {
                if let image = try image.content.flatMap(decode) { decoded.append((place, image)) }
            }
            var vectors = [[Float]?](repeating: nil, count: images.count)
            for (place, vector) in zip(decoded.map(\.place), try embed(decoded.map(\.image))) {
                vectors[place] = vector
            }
            return (images, vectors)
        }

        /// The vector of a kept query; nil if one of its images cannot be embedded.
        private func vector(of query: QueryToEmbed) throws -> NewQueryVector? {
            let images = try query.images.compactMap(decode)
            guard images.count == query.images.count, !images.isEmpty else { return nil }
            let vectors = try embed(images).compactMap { $0 }
            guard vectors.count == images.count, let fused = try? QueryVector.fused(vectors) else { return nil }
            return NewQueryVector(vector: fused, warnings: service.network.warnings(about: vectors))
        }

        private func embed(_ images: [RGBImage]) throws -> [[Float]?] {
            // The queues of the two networks know nothing of each other.
            var looks = 0
            while let previous = service.previous, previous.embedder.statistics.queued > 0,
                looks < ReembeddingWork.pause.looks
            {
                Thread.sleep(forTimeInterval: ReembeddingWork.pause.seconds)
                looks += 1
            }
            let end = control.end
            return try service.network.embed(images) { end.isDue }
        }

        /// An image as enrollment decodes it; nil if that is not possible, or not allowed any more.
        private func decode(_ content: ImageContent) throws -> RGBImage? {
            let end = control.end
            do {
                return try service.decoding.decode(
                    content.bytes, limits: service.configuration.limits.image, covering: service.network.inputSize
                ) { end.isDue }.image
            } catch is ImageError {
                return nil
            }
        }
    }
}
