internal import Gallery
internal import HTTP

/// The content of a search request: images of one person, and options.
struct Question {
    /// The encoded images, 1 or more.
    let images: [ImageContent]
    /// The options of the ranking.
    let options: SearchOptions
    /// What people call the query; only for kept queries.
    let name: String?
    /// Whether the query is ranked again when the gallery changes; only for kept queries.
    let isStanding: Bool
    /// When the query is deleted; only for kept queries.
    let expiresAt: Timestamp?
    /// Where the query's rankings are sent; only for kept queries.
    let webhook: String?
    /// The embedding that the images stand for together, of length 1.
    let vector: [Float]
    /// Reasons to doubt the order, about the model and the images.
    let warnings: [String]
    /// The times of decoding, waiting and embedding.
    let timing: RankingTiming

    /// Reads the options (from the form's part, then from the URL's parameters, which win), then decodes and embeds the
    /// images with `network`.
    init(_ request: ServerRequest, service: ServiceContext, network: Network, takesStanding: Bool) throws {
        let limits = service.configuration.limits
        var parameters = QueryParameters(request.query)
        let upload = try ImageUpload(
            request, maximumImages: limits.imagesPerSearch, takesOptions: true, limits: limits)
        var options = SearchOptions(defaults: service.configuration.ranking)
        var name: String?
        var isStanding = false
        var end: Timestamp?
        var webhook: String?
        if let part = upload.options {
            var members = try JSONMembers(parsing: part, part: "part 'options'")
            try options.read(from: &members, limits: limits)
            if takesStanding {
                name = try members.text("name")
                isStanding = try members.flag("standing") ?? isStanding
                end = try Self.end(from: &members)
                webhook = try Self.webhook(from: &members, service)
            }
            try members.finish()
        }
        try options.read(from: &parameters, limits: limits)
        if takesStanding {
            name = try parameters.text("name") ?? name
            isStanding = try parameters.flag("standing") ?? isStanding
            end = try Self.end(from: &parameters) ?? end
            webhook = try Self.webhook(from: &parameters, service) ?? webhook
        }
        if webhook != nil, !isStanding {
            throw ServiceError.invalidParameter("webhook_url", expected: "absent, unless the query is standing")
        }
        try parameters.finish()
        let embedded = try service.embed(upload, with: network, cancellation: request.cancellation)
        images = upload.images
        self.options = options
        self.name = name
        self.isStanding = isStanding
        expiresAt = end
        self.webhook = webhook
        vector = try QueryVector.fused(embedded.vectors)
        timing = embedded.timing
        warnings = embedded.warnings
    }
}

extension Question {
    /// The seconds after which a query may ask to be deleted: up to a hundred years.
    static let lifetimes = 1...3_155_760_000

    /// Where the query's rankings are sent, from `webhook_url`.
    private static func webhook(
        from options: inout some OptionSource, _ service: ServiceContext
    ) throws(ServiceError) -> String? {
        guard let text = try options.text("webhook_url") else { return nil }
        guard let url = WebhookURL(text) else { throw options.invalid("webhook_url", expected: WebhookURL.expectation) }
        guard WebhookTargets(allowing: service.configuration.webhooks.allowed).mayAllow(url) else {
            throw options.invalid("webhook_url", expected: "an address that the setting webhooks.allowed allows")
        }
        return text
    }

    /// When the query is deleted, from `expires_at` or `expires_in`.
    private static func end(from options: inout some OptionSource) throws(ServiceError) -> Timestamp? {
        let now = Timestamp.now()
        let end = try options.time("expires_at")
        guard let seconds = try options.integer("expires_in", in: lifetimes) else {
            guard let end, end <= now else { return end }
            throw options.invalid("expires_at", expected: "a time to come")
        }
        guard end == nil else { throw options.invalid("expires_in", expected: "absent beside 'expires_at'") }
        return now.adding(seconds: Int64(seconds))
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
