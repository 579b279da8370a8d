internal import CSPRModel
internal import HTTP
internal import HTTPTypes
internal import Ranking

/// `GET /v1/model`: which network is being served, and how it is searched with.
func modelRoutes(_ service: ServiceContext) throws -> [Route] {
    let model = service.model
    let limits = service.configuration.limits
    let answer = try ServerResponse.json(
        ModelAnswer(
            name: "CSPR-Net", sha256: model.identity, config: model.configuration, dimensions: model.dimensions,
            branches: model.branches, parameters: model.parameters, precision: model.precision,
            mirrored: model.isMirrored, trained: model.isTrained,
            profile: service.profile.map {
                ProfileAnswer(images: $0.images, limit: $0.limit, share: ModelProfile.share)
            }, warnings: Warning.about(model),
            defaults: SearchOptions(defaults: service.configuration.ranking),
            limits: SearchLimits(
                imageBytes: limits.imageBytes, imagePixels: limits.imagePixels, images: limits.imagesPerSearch,
                results: limits.results, candidates: ReRanking.candidates.upperBound,
                neighbors: ReRanking.neighborhoods.upperBound)))
    return [
        Route(.get, "/v1/model", access: .holder(of: .query), execution: .loop) { request in
            try QueryParameters(request.query).finish()
            return .now(answer)
        }
    ]
}
