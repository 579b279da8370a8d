internal import Gallery
public import Imaging
internal import Ranking

extension Service.Configuration {
    /// What a client of the service may send and ask for; each limit is tested.
    public struct Limits: Sendable, Equatable {
        /// Bytes of one encoded image.
        public var imageBytes = 20 << 20
        /// Pixels of one decoded image; guards memory against small files that expand.
        public var imagePixels = 40_000_000
        /// Pixels along one side of an image.
        public var imageSide = 30_000
        /// Pixels of all images of one request; those of a progressive JPEG or an interlaced PNG count fourfold.
        public var requestPixels = 160_000_000
        /// Pixels that may be in decoding at once in the whole service, counted in the same way.
        public var decodingPixels = 160_000_000
        /// Seconds for which a request waits for others' images to be decoded.
        public var decodingWait = 2.0
        /// Bytes of the body of a search, a kept query or an embedding request.
        public var searchBody = 64 << 20
        /// Images of one person in a search.
        public var imagesPerSearch = 16
        /// Images in an embedding request.
        public var imagesPerEmbedding = 64
        /// Results of a ranking and items of a list.
        public var results = 1000
        /// Bytes of the body of a batch.
        public var batchBody = 16 << 30
        /// Kept queries in all.
        public var keptQueries = 10_000
        /// Kept queries of one token.
        public var keptQueriesPerToken = 1000
        /// Bytes of the images and rankings of all kept queries together.
        public var keptQueryBytes = 512 << 20
        /// Days after which any kept query is deleted; 0: never.
        public var keptQueryDays = 0
        /// Seconds for which a poll may be held.
        public var wait = 60
        /// Requests a second with one token, in the long run.
        public var requestsPerSecond = 200.0
        /// Requests with one token at once.
        public var requestBurst = 400
        /// Requests a second without a valid token from one address, in the long run.
        public var strangerRequestsPerSecond = 50.0
        /// Requests without a valid token from one address at once.
        public var strangerRequestBurst = 200
        /// Searches that run at once for one token.
        public var searchesPerToken = 8

        /// The defaults.
        public init() {}

        /// The part that guards the kept queries.
        var queries: KeptQueryLimits {
            var limits = KeptQueryLimits()
            limits.queries = keptQueries
            limits.queriesPerToken = keptQueriesPerToken
            limits.bytes = keptQueryBytes
            return limits
        }

        /// The part that guards the image decoder.
        public var image: ImageLimits {
            var limits = ImageLimits()
            limits.bytes = imageBytes
            limits.pixels = imagePixels
            limits.side = imageSide
            return limits
        }
    }

    /// The defaults of the options of a search.
    public struct Ranking: Sendable, Equatable {
        /// Results of a ranking.
        public var limit = 20
        /// Whether rankings are re-ranked.
        public var rerank = true
        /// The nearest images that are re-ranked.
        public var candidates = ReRanking.usualCandidates
        /// Neighbors that re-ranking considers, k₁.
        public var k1 = ReRanking.cautious.k1
        /// Neighbors whose encodings re-ranking averages, k₂.
        public var k2 = ReRanking.cautious.k2
        /// The share of the original distance in the re-ranked one, λ.
        public var lambda = ReRanking.cautious.lambda

        /// The defaults.
        public init() {}
    }
}
