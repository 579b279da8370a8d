internal import Gallery
internal import HTTP

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

extension RankingTiming {
    /// Takes over the times of the request's images, and sets the total since `start`.
    mutating func take(_ question: RankingTiming, since start: ContinuousClock.Instant) {
        decode = question.decode
        wait = question.wait
        embed = question.embed
        total = (ContinuousClock.now - start).wireMilliseconds
    }
}
