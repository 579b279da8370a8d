internal import CSPRModel
internal import HTTP
internal import HTTPTypes

/// `GET /v1/model`: the model being served.
func modelRoutes(_ service: ServiceContext) throws -> [Route] {
    let model = service.model
    let answer = try ServerResponse.json(
        ModelAnswer(
            name: "CSPR-Net", sha256: model.identity, config: model.configuration, dimensions: model.dimensions,
            branches: model.branches, parameters: model.parameters, precision: model.precision,
            mirrored: model.isMirrored, trained: model.isTrained, warnings: Warning.about(model)))
    return [
        Route(.get, "/v1/model", execution: .loop) { request in
            try QueryParameters(request.query).finish()
            return .now(answer)
        }
    ]
}
