internal import CSPRModel
internal import Gallery
internal import Ranking

/// The values of the description's examples.
enum Examples {
    static let galleryName = "demo"
    static let requestID = "4f6a0c1d2e3b5a79"
    /// The part of an id after the letter and the underscore.
    static let idTail = "k3v9q2m7x4c8n1p5t6w0"
    static let imageID = "i_" + idTail
    static let queryID = "q_" + idTail
    static let batchID = "b_" + idTail
    static let model = "sha256:" + String(repeating: "5ec7", count: 16)
    /// 2026-11-22T10:00:00Z.
    static let time = Timestamp(milliseconds: 1_795_341_600_000)
    /// A time that is still to come when a test sends it.
    static let future = Timestamp(milliseconds: 4_102_444_800_000)

    static let image = ImageAnswer(
        imageID: imageID, gallery: galleryName, personID: "0042", cameraID: "c3", capturedAt: time, externalID: nil,
        name: "0042_c3s1_000451_00.jpg", sha256: String(repeating: "9b1e", count: 16), mediaType: "image/jpeg",
        width: 64, height: 128,
        enrolledAt: time, held: false, imageURL: "/v1/images/\(imageID)/content")

    static let runningBatch = RunningBatch(
        id: batchID, state: "running", received: 2000, enrolled: 812, duplicate: 3, failed: 1, itemsPerSecond: 41.5)

    static let gallery = GalleryAnswer(
        name: galleryName, model: model, searchable: true, needsReembedding: false, images: 19_732, people: 750,
        cameras: ["c1", "c2", "c3"],
        camerasWithMean: ["c1", "c2", "c3"], cameraNormalization: true,
        retention: RetentionAnswer(seconds: 2_592_000, by: "captured_at"), capturedFrom: time,
        capturedTo: time.adding(seconds: 86_400), calibration: calibration, revision: 12, createdAt: time,
        runningBatches: [runningBatch])

    static let batch = BatchAnswer(
        id: batchID, gallery: galleryName, kind: "tar", state: "queued", cancelRequested: false, bytes: 10_240,
        received: 2, enrolled: 0, duplicate: 0, failed: 0, itemsPerSecond: nil, estimatedEnd: nil, createdAt: time,
        startedAt: nil, finishedAt: nil, reason: nil)

    static let batchItem = BatchItemAnswer(
        index: 0, image: "0042_c3s1_000451_00.jpg", state: "enrolled", imageID: imageID, reason: nil, detail: nil)

    static func options(_ defaults: Service.Configuration.Ranking) -> SearchOptions {
        SearchOptions(defaults: defaults)
    }

    /// The answer of a search, or a kept query's newest ranking if `isKept`.
    static func ranking(_ defaults: Service.Configuration.Ranking, isKept: Bool) -> RankingAnswer {
        var timing = RankingTiming()
        timing.decode = 0.6
        timing.wait = 1.1
        timing.embed = 21.4
        timing.search = 1.9
        timing.rerank = 2.2
        timing.total = 27.9
        let result = RankingResult(
            rank: 1, imageID: imageID, personID: "0042", cameraID: "c3", capturedAt: time, externalID: nil,
            name: "0042_c3s1_000451_00.jpg", distance: 0.41, similarity: 0.795, rerankedDistance: 0.18,
            probability: 0.93,
            imageURL: "/v1/images/\(imageID)/content",
            vector: nil, images: nil, imageCount: nil)
        var rankedOptions = options(defaults)
        rankedOptions.queryCamera = "c2"
        rankedOptions.cameraNormalization = true
        return RankingAnswer(
            queryID: isKept ? queryID : nil, revision: isKept ? 3 : nil, gallery: galleryName, model: model,
            gallerySize: 19_732, options: rankedOptions,
            cameraNormalization: NormalizationAnswer(applied: true, queryMean: .camera, cameras: 3), results: [result],
            warnings: nil, timing: timing)
    }

    static let comparison = ComparisonAnswer(
        gallery: galleryName, model: model, cameraNormalization: true,
        images: [
            .init(imageID: nil, personID: nil, cameraID: "c2", mean: .camera),
            .init(imageID: imageID, personID: "0042", cameraID: "c3", mean: .camera),
        ], distance: 0.41, similarity: 0.795, probability: 0.93, reason: nil, warnings: nil)

    static func query(_ defaults: Service.Configuration.Ranking) -> QueryAnswer {
        QueryAnswer(
            queryID: queryID, gallery: galleryName, name: "Red coat", options: options(defaults), standing: true,
            state: "ranked", error: nil, createdAt: time, createdBy: nil, expiresAt: future, revision: 3,
            rankingURL: "/v1/queries/\(queryID)/ranking", images: 1,
            imageURL: "/v1/queries/\(queryID)/image", webhook: webhook)
    }

    static let webhook = WebhookAnswer(
        url: "https://desk.example.org/sightings", secret: nil, deliveredRevision: 2, attempts: 1, attemptedAt: time,
        status: 500, error: "The receiver answered 500.", nextAttemptAt: time.adding(seconds: 4))

    static func delivery(_ defaults: Service.Configuration.Ranking) -> WebhookDelivery {
        WebhookDelivery(
            queryID: queryID, name: "Red coat", gallery: galleryName, revision: 3,
            ranking: ranking(defaults, isKept: true))
    }

    static let embeddings = EmbeddingAnswer(
        model: model, dimensions: 4, embeddings: [.init(index: 0, vector: .floats([0.5, -0.5, 0.5, 0.5]))],
        warnings: nil)

    static func modelAnswer(_ configuration: Service.Configuration) -> ModelAnswer {
        let limits = configuration.limits
        return ModelAnswer(
            name: "CSPR-Net", sha256: model, config: CSPRConfiguration(), dimensions: 1024, branches: 8,
            parameters: 27_000_000, precision: "F32", mirrored: false, trained: true,
            profile: ProfileAnswer(images: 9000, limit: 772.0, share: ModelProfile.share), warnings: nil,
            defaults: options(configuration.ranking),
            limits: SearchLimits(
                imageBytes: limits.imageBytes, imagePixels: limits.imagePixels, images: limits.imagesPerSearch,
                results: limits.results, candidates: ReRanking.candidates.upperBound,
                neighbors: ReRanking.neighborhoods.upperBound))
    }

    static func readiness(isReady: Bool) -> ReadinessAnswer {
        ReadinessAnswer(
            status: isReady ? "ready" : "stopping", model: .init(sha256: model, trained: true),
            index: .init(galleries: 1, images: 19_732), enrollment: "running", warnings: nil)
    }
}
