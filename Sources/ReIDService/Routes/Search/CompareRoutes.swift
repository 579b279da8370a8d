internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `POST /v1/compare`: tells how alike two images are, and how probably they show one person.
func compareRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(
            .post, "/v1/compare", access: .holder(of: .query), execution: .search,
            bodyLimit: service.configuration.limits.searchBody
        ) { request in
            try service.gatekeeper.searching(request) {
                try service.audit.check()
                let pair = try ComparedPair(request, service: service)
                let answer = try pair.answer { request.cancellation.isCancelled }
                let details = try ComparisonDetails(answer, options: pair.options, images: pair.uploads)
                try service.audit.record(
                    AuditEvent(.comparison, of: answer.gallery ?? "", by: request, details: details))
                return .now(try .json(answer))
            }
        }
    ]
}
