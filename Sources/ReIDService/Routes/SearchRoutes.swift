internal import CSPRModel
internal import Embedding
internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `POST /v1/galleries/{gallery}/search`: the images of a gallery that look like the person on these images.
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

/// What a client asks with: images of one person, and how to rank.
struct Question {
    /// The encoded images, 1 or more.
    let images: [ImageContent]
    /// How to rank.
    let options: SearchOptions
    /// Whether the ranking follows the gallery; only for kept queries.
    let isStanding: Bool
    /// The unit vector that the images stand for.
    let vector: [Float]
    /// What decoding, waiting and embedding took.
    let timing: RankingTiming

    /// Reads options (the form's part, then the URL's parameters, which win), then decodes and embeds the images.
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
    /// The gallery's newest snapshot, provided that the model being served made it.
    func searchableSnapshot(of gallery: String) throws -> GallerySnapshot {
        let snapshot = try store.snapshot(of: gallery)
        guard snapshot.model == model.identity else {
            throw ServiceError.galleryOfAnotherModel(
                gallery: gallery, expected: snapshot.model, served: model.identity)
        }
        return snapshot
    }

    /// Decodes and embeds an upload's images, before anything that waits to be enrolled.
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
    /// Adds the times of the question's making, and the total since `start`.
    mutating func take(_ question: RankingTiming, since start: ContinuousClock.Instant) {
        decode = question.decode
        wait = question.wait
        embed = question.embed
        total = (ContinuousClock.now - start).wireMilliseconds
    }
}
