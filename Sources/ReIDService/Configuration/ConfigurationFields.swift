internal import Embedding
internal import HTTP
internal import Ranking

/// The list of all fields: the one place that gives a value its name, unit, range and meaning.
///
/// Defaults stand with the values themselves.
extension ConfigurationField {
    /// Every field, in the order of the reference.
    static let all =
        general + tokens + log + audit + tls + embedder + limits + rates + events + webhooks + jobs + ranking + names
        + server
        + serverTimes

    private static let general = [
        ConfigurationField(
            "data_folder", .path(\.dataFolder), "The folder that keeps everything; created when it is missing."),
        ConfigurationField(
            "model_path", .optionalPath(\.modelPath), default: "`model.safetensors` in the data folder",
            "The weight file to serve."),
        ConfigurationField(
            "previous_model_path", .optionalPath(\.previousModelPath), default: "none",
            "The weight file of galleries that are not re-embedded yet, which can be searched meanwhile; takes as much memory as "
                + "the served model."),
        ConfigurationField(
            "public_folder", .optionalPath(\.publicFolder), default: "`Public` where that folder exists",
            "The dashboard's folder, served at `/`."),
        ConfigurationField(
            "query_address", .address(\.queryAddress),
            "Where the query listener listens; port 0 takes a free one. On anything but loopback it asks for a token."),
        ConfigurationField(
            "admin_address", .address(\.adminAddress),
            "Where the admin listener listens; port 0 takes a free one."),
        ConfigurationField(
            "standing_query_delay", .whole(\.standingQueryDelay, in: 0...60_000), unit: "ms",
            "How long changes of a gallery are gathered before its kept queries are ranked again."),
        ConfigurationField(
            "enrollment_chunk", .whole(\.enrollmentChunk, in: 1...4096), unit: "images",
            "How many images of a batch are embedded together."),
        ConfigurationField(
            "enrollment_commit_items", .whole(\.enrollmentCommitItems, in: 1...65_536), unit: "items",
            "How many items of a batch are committed together at most; another writer waits for such a commit."),
        ConfigurationField(
            "enrollment_commit_delay", .whole(\.enrollmentCommitDelay, in: 0...60_000), unit: "ms",
            "How long an item that is ready waits for others to be committed with."),
    ]

    private static let log = [
        ConfigurationField(
            "log.level", .level(\.logLevel), "The least severe messages that are logged."),
        ConfigurationField(
            "log.access", .flag(\.server.logsRequests),
            "Whether each request is logged in one line, whatever the level; never its query, header fields or body."),
    ]

    private static let embedder = [
        ConfigurationField(
            "embedder.maximum_batch", .whole(\.embedder.maximumBatch, in: 1...256), unit: "images",
            "The most images in one forward pass."),
        ConfigurationField(
            "embedder.threads", .whole(\.embedder.threads, in: 1...1024), unit: "threads", default: "one per core",
            "Network threads; each keeps its own activations in memory."),
        ConfigurationField(
            "embedder.thread_width", .whole(\.embedder.threadWidth, in: 1...1024), unit: "threads",
            "OpenMP threads of each network thread: 1 serves load best, all cores serve a single query fastest."),
        ConfigurationField(
            "embedder.queue_limit", .whole(\.embedder.queueLimit, in: 1...1_000_000), unit: "images",
            "How many images may wait for the network; a request for more is answered 503."),
    ]

    private static let limits = [
        ConfigurationField(
            "limits.image_bytes", .whole(\.limits.imageBytes, in: 1...(1 << 30)), unit: "bytes",
            "The largest encoded image."),
        ConfigurationField(
            "limits.image_pixels", .whole(\.limits.imagePixels, in: 1...1_000_000_000), unit: "pixels",
            "The largest decoded image, width times height; guards memory against small files that expand."),
        ConfigurationField(
            "limits.image_side", .whole(\.limits.imageSide, in: 1...1_000_000), unit: "pixels",
            "The longest side of an image."),
        ConfigurationField(
            "limits.request_pixels", .whole(\.limits.requestPixels, in: 1...10_000_000_000), unit: "pixels",
            "The most pixels of all images of a request, of which those of progressive JPEGs and interlaced PNGs count "
                + "fourfold; more is answered 413. A single image needs only `limits.image_pixels`."),
        ConfigurationField(
            "limits.decoding_pixels", .whole(\.limits.decodingPixels, in: 1000...100_000_000_000), unit: "pixels",
            "The most pixels in decoding at once in the whole service, counted in the same way; one request takes at "
                + "most half of what is left."),
        ConfigurationField(
            "limits.decoding_wait", .real(\.limits.decodingWait, in: 0...60), unit: "s",
            "How long a request waits for the images of others to be decoded before it is answered 503."),
        ConfigurationField(
            "limits.search_body", .whole(\.limits.searchBody, in: 1...(1 << 32)), unit: "bytes",
            "The largest body of a search, a kept query or an embedding request."),
        ConfigurationField(
            "limits.images_per_search", .whole(\.limits.imagesPerSearch, in: 1...1000), unit: "images",
            "The most images of one person in a search."),
        ConfigurationField(
            "limits.images_per_embedding", .whole(\.limits.imagesPerEmbedding, in: 1...10_000), unit: "images",
            "The most images in an embedding request."),
        ConfigurationField(
            "limits.results", .whole(\.limits.results, in: 1...1_000_000), unit: "results",
            "The most results of a ranking and the most items on a page of a list."),
        ConfigurationField(
            "limits.batch_body", .whole(\.limits.batchBody, in: 1...(1 << 40)), unit: "bytes",
            "The largest body of a batch."),
        ConfigurationField(
            "limits.kept_queries", .whole(\.limits.keptQueries, in: 0...1_000_000), unit: "queries",
            "The most kept queries in all; one more is answered 409."),
        ConfigurationField(
            "limits.kept_queries_per_token", .whole(\.limits.keptQueriesPerToken, in: 0...1_000_000), unit: "queries",
            "The most kept queries of one token; one more is answered 409."),
        ConfigurationField(
            "limits.kept_query_bytes", .whole(\.limits.keptQueryBytes, in: 0...(1 << 40)), unit: "bytes",
            "The most bytes of the images and rankings of all kept queries together; more is answered 409."),
        ConfigurationField(
            "limits.kept_query_days", .whole(\.limits.keptQueryDays, in: 0...36_500), unit: "days",
            "How long any query is kept, even if it did not ask to end; 0 keeps them until they are deleted."),
        ConfigurationField(
            "limits.wait", .whole(\.limits.wait, in: 1...3600), unit: "s",
            "The longest time for which a poll may be held."),
    ]

    private static let ranking = [
        ConfigurationField(
            "ranking.limit", .whole(\.ranking.limit, in: 1...1_000_000), unit: "results",
            "How many results a search gets that does not say; at most `limits.results`."),
        ConfigurationField(
            "ranking.rerank", .flag(\.ranking.rerank), "Whether such a search is re-ranked."),
        ConfigurationField(
            "ranking.candidates", .whole(\.ranking.candidates, in: ReRanking.candidates), unit: "images",
            "How many of the nearest images such a search re-ranks."),
        ConfigurationField(
            "ranking.re_ranking.k1", .whole(\.ranking.k1, in: ReRanking.neighborhoods), unit: "neighbors",
            "How many neighbors re-ranking considers: the paper's k₁."),
        ConfigurationField(
            "ranking.re_ranking.k2", .whole(\.ranking.k2, in: ReRanking.neighborhoods), unit: "neighbors",
            "How many neighbors' encodings re-ranking averages: the paper's k₂; 1 for none but the image's own."),
        ConfigurationField(
            "ranking.re_ranking.lambda", .real(\.ranking.lambda, in: 0...1),
            "The share of the original distance in the re-ranked one: the paper's λ."),
    ]
}
