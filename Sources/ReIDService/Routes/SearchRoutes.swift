internal import CSPRModel
internal import Embedding
internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `POST /v1/galleries/{gallery}/search`: ranks the images of a gallery by similarity to the person on the request's
/// images.
func searchRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(
            .post, "/v1/galleries/{gallery}/search", bodyLimit: service.configuration.limits.searchBody,
            requiresBody: true
        ) { request in
            let start = ContinuousClock.now
            let snapshot = try service.searchableSnapshot(of: request.parameters["gallery"] ?? "")
            let question = try Question(request, service: service, takesStanding: false)
            var answer = try Search(snapshot: snapshot, options: question.options)
                .answer(for: question.vector, warnings: Warning.about(service.model))
            answer.timing.take(question.timing, since: start)
            return .now(try .json(answer))
        }
    ]
}

/// The content of a search request: images of one person, and options.
struct Question {
    /// The encoded images, 1 or more.
    let images: [ImageContent]
    /// The options of the ranking.
    let options: SearchOptions
    /// Whether the query is ranked again when the gallery changes; only for kept queries.
    let isStanding: Bool
    /// The embedding that the images stand for together, of length 1.
    let vector: [Float]
    /// The times of decoding, waiting and embedding.
    let timing: RankingTiming

    /// Reads the options (from the form's part, then from the URL's parameters, which win), then decodes and embeds the
    /// images.
    init(_ request: ServerRequest, service: ServiceContext, takesStanding: Bool) throws {
        let limits = service.configuration.limits
        var parameters = QueryParameters(request.query)
        let upload = try ImageUpload(
            request, maximumImages: limits.imagesPerSearch, takesOptions: true, limits: limits)
        var options = SearchOptions(defaults: service.configuration.ranking)
        var isStanding = false
        if let part = upload.options {
            var members = try JSONMembers(parsing: part, part: "part 'options'")
            try options.read(from: &members, limits: limits)
            if takesStanding { isStanding = try members.flag("standing") ?? isStanding }
            try members.finish()
        }
        try options.read(from: &parameters, limits: limits)
        if takesStanding { isStanding = try parameters.flag("standing") ?? isStanding }
        try parameters.finish()
        let embedded = try service.embed(upload, cancellation: request.cancellation)
        images = upload.images
        self.options = options
        self.isStanding = isStanding
        vector = try QueryVector.fused(embedded.vectors)
        timing = embedded.timing
    }
}

extension ServiceContext {
    /// The gallery's newest snapshot; throws if the gallery belongs to another model than the one that is served.
    func searchableSnapshot(of gallery: String) throws -> GallerySnapshot {
        let snapshot = try store.snapshot(of: gallery)
        guard snapshot.model == model.identity else {
            throw ServiceError.galleryOfAnotherModel(
                gallery: gallery, expected: snapshot.model, served: model.identity)
        }
        return snapshot
    }

    /// Decodes and embeds the images of a request, with priority over images to enroll.
    func embed(
        _ upload: ImageUpload, cancellation: Cancellation
    ) throws -> (vectors: [[Float]], timing: RankingTiming) {
        let start = ContinuousClock.now
        let target = (width: embedder.preprocessing.width, height: embedder.preprocessing.height)
        var inputs: [PreparedImage] = []
        for index in upload.images.indices {
            guard !cancellation.isCancelled else { throw EmbedderError.cancelled }
            let image = try upload.decoded(index, covering: target, limits: configuration.limits)
            inputs.append(embedder.prepare(image))
        }
        var timing = RankingTiming()
        timing.decode = (ContinuousClock.now - start).wireMilliseconds
        let embedded = try embedder.embed(inputs, priority: .query) { cancellation.isCancelled }
        timing.wait = embedded.waited.wireMilliseconds
        timing.embed = embedded.computed.wireMilliseconds
        return (embedded.vectors, timing)
    }
}

extension RankingTiming {
    /// Takes over the times of the request's images, and sets the total since `start`.
    mutating func take(_ question: RankingTiming, since start: ContinuousClock.Instant) {
        decode = question.decode
        wait = question.wait
        embed = question.embed
        total = (ContinuousClock.now - start).wireMilliseconds
    }
}
