internal import CSPRModel
internal import FoundationEssentials
internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `POST /v1/embeddings`: computes the embeddings of images; nothing is stored.
func embeddingRoutes(_ service: ServiceContext) -> [Route] {
    let limits = service.configuration.limits
    return [
        Route(
            .post, "/v1/embeddings", access: .holder(of: .query), execution: .search, bodyLimit: limits.searchBody,
            requiresBody: true
        ) { request in
            var parameters = QueryParameters(request.query)
            let encoding: VectorEncoding = try parameters.choice("encoding") ?? .float
            try parameters.finish()
            try service.audit.check()
            let upload = try ImageUpload(
                request, maximumImages: limits.imagesPerEmbedding, takesOptions: false, limits: limits)
            let embedded = try service.gatekeeper.searching(request) {
                try service.embed(upload, with: service.network, cancellation: request.cancellation)
            }
            let embeddings = embedded.vectors.enumerated().map {
                EmbeddingAnswer.Embedding(index: $0, vector: encoding.encode($1))
            }
            let details = try EmbeddingDetails(upload.images, model: service.model.identity)
            try service.audit.record(AuditEvent(.embedding, of: "", by: request, details: details))
            return .now(
                try .json(
                    EmbeddingAnswer(
                        model: service.model.identity, dimensions: service.model.dimensions, embeddings: embeddings,
                        warnings: embedded.warnings.isEmpty ? nil : embedded.warnings)))
        }
    ]
}

/// How vectors are written.
private enum VectorEncoding: String, CaseIterable {
    /// JSON numbers.
    case float
    /// Base 64 of little-endian float32.
    case base64

    func encode(_ vector: [Float]) -> EmbeddingAnswer.Vector {
        switch self {
        case .float: return .floats(vector)
        case .base64:
            let bytes = vector.flatMap { value in
                let bits = value.bitPattern
                return [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: bits >> $0) }
            }
            return .base64(Data(bytes).base64EncodedString())
        }
    }
}
