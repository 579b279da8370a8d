internal import CSPRModel
internal import Gallery
internal import HTTP
internal import Ranking

/// The two images of a comparison: those of the request first, then enrolled ones.
struct ComparedPair {
    /// One of the images.
    private struct Side {
        /// The unit vector, as the network gave it.
        let vector: [Float]
        let camera: String?
        /// What is known of the image if it is enrolled, and its row.
        var enrolled: (image: GalleryImage, row: Int)?
    }

    /// The options.
    let options: ComparisonOptions
    /// The encoded images of the request.
    let uploads: [ImageContent]
    private let snapshot: GallerySnapshot?
    private let model: String
    private let first: Side
    private let second: Side
    /// Reasons to doubt the numbers, about the model and the request's images.
    private let warnings: [String]
    private let service: ServiceContext

    /// Reads the options (from the form's part, then from the URL's parameters, which win), finds the enrolled images, and
    /// then decodes and embeds those of the request.
    init(_ request: ServerRequest, service: ServiceContext) throws {
        var parameters = QueryParameters(request.query)
        let upload =
            request.body.isEmpty
            ? nil
            : try ImageUpload(
                request, maximumImages: ComparisonOptions.images, needsImage: false, takesOptions: true,
                limits: service.configuration.limits)
        var options = ComparisonOptions()
        if let part = upload?.options {
            var members = try JSONMembers(parsing: part, part: "part 'options'")
            try options.read(from: &members)
            try members.finish()
        }
        try options.read(from: &parameters)
        try parameters.finish()
        let uploads = upload?.images ?? []
        try options.check(uploads: uploads.count)
        if let gallery = options.gallery {
            guard request.sees(gallery) else { throw GalleryError.unknownGallery(gallery) }
            _ = try service.store.gallery(gallery)
        }
        let enrolled = try service.visibleImages(options.imageIDs, in: options.gallery, request)
        let gallery = options.gallery ?? enrolled.first?.gallery
        // Enrolled images can be compared also if another model is being served than the one that made their vectors.
        var snapshot: GallerySnapshot?
        var network = service.network
        if let gallery, uploads.isEmpty {
            snapshot = try service.store.snapshot(of: gallery)
        } else if let gallery {
            let searchable = try service.searchableSnapshot(of: gallery)
            (snapshot, network) = (searchable.snapshot, searchable.network)
        }
        var sides: [Side] = []
        var warnings = Warning.about(service.model) ?? []
        if let upload, !uploads.isEmpty {
            let embedded = try service.embed(upload, with: network, cancellation: request.cancellation)
            warnings = embedded.warnings
            sides = zip(embedded.vectors, [options.queryCamera, options.otherCamera]).map {
                Side(vector: $0, camera: $1)
            }
        }
        for image in enrolled {
            guard let snapshot, let row = snapshot.row(ofKey: image.key) else {
                throw GalleryError.unknownImage(image.id)
            }
            sides.append(
                Side(vector: snapshot.vectors[row], camera: snapshot.camera(ofRow: row), enrolled: (image, row)))
        }
        self.options = options
        self.uploads = uploads
        self.snapshot = snapshot
        self.service = service
        self.warnings = warnings
        model = snapshot?.model ?? service.model.identity
        (first, second) = (sides[0], sides[1])
    }

    /// Compares the images, the second one as a search by the first one would.
    ///
    /// Throws `RankingError.cancelled` if `isCancelled` returns true.
    func answer(isCancelled: @Sendable () -> Bool) throws -> ComparisonAnswer {
        var warnings = warnings
        guard let snapshot else {
            let distance = squaredDistance(first.vector, second.vector)
            return ComparisonAnswer(
                gallery: nil, model: model, cameraNormalization: false,
                images: [described(first, mean: nil), described(second, mean: nil)], distance: distance,
                similarity: 1 - distance / 2, probability: nil,
                reason: "No gallery is named, and what a distance means depends on the gallery.",
                warnings: warnings.isEmpty ? nil : warnings)
        }
        var search = SearchOptions(defaults: service.configuration.ranking)
        search.rerank = false
        search.queryCamera = first.camera
        search.cameraNormalization = options.cameraNormalization
        let compared = Comparison(of: first.vector, in: snapshot, options: search)
        let row = compared.row(try match(compared, snapshot, isCancelled: isCancelled))
        let normalization = compared.normalization
        let known = second.camera.map(snapshot.cameraMeans.cameras.contains) ?? false
        let mean: NormalizationAnswer.QueryMean? = normalization.applied ? (known ? .camera : .common) : nil
        warnings += compared.probabilities.warnings(best: nil)
        return ComparisonAnswer(
            gallery: snapshot.name, model: model, cameraNormalization: normalization.applied,
            images: [described(first, mean: normalization.queryMean), described(second, mean: mean)],
            distance: row.distance, similarity: row.similarity, probability: row.probability,
            reason: compared.probabilities.missing.map {
                "Gallery '\(snapshot.name)' has no probabilities for this. \($0)"
            },
            warnings: warnings.isEmpty ? nil : warnings)
    }

    /// The second image as a result of a search by the first one.
    private func match(
        _ compared: Comparison, _ snapshot: GallerySnapshot, isCancelled: @Sendable () -> Bool
    ) throws -> Match {
        guard let (image, row) = second.enrolled else {
            return Match(row: 0, distance: compared.distance(to: second.vector, of: second.camera))
        }
        var only = RowFilter(count: snapshot.vectors.end)
        only.allow(row)
        guard let match = try compared.nearest(1, where: only, isCancelled: isCancelled).first else {
            throw GalleryError.unknownImage(image.id)
        }
        return match
    }

    private func described(_ side: Side, mean: NormalizationAnswer.QueryMean?) -> ComparisonAnswer.Image {
        ComparisonAnswer.Image(
            imageID: side.enrolled?.image.id, personID: side.enrolled?.image.personID, cameraID: side.camera, mean: mean
        )
    }
}

extension ServiceContext {
    /// Enrolled images of one gallery.
    ///
    /// - Parameters:
    ///   - ids: their ids.
    ///   - gallery: the gallery; nil: that of the first image.
    ///   - request: who asks.
    /// - Returns: the images, in the order of the ids.
    /// - Throws: `unknownImage` for an image in a gallery that who asks may not know of, `ServiceError.invalidParameter`
    ///   for an image in another gallery.
    fileprivate func visibleImages(
        _ ids: [String], in gallery: String?, _ request: ServerRequest
    ) throws -> [GalleryImage] {
        let images = try ids.map { id in
            let image = try store.image(id: id)
            guard request.sees(image.gallery) else { throw GalleryError.unknownImage(id) }
            return image
        }
        let gallery = gallery ?? images.first?.gallery
        guard images.allSatisfy({ $0.gallery == gallery }) else {
            throw ServiceError.invalidParameter("image_id", expected: "ids of images in one gallery")
        }
        return images
    }
}
