internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `POST /v1/galleries/{gallery}/search`: ranks the images of a gallery by similarity to the person on the request's
/// images.
func searchRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(
            .post, "/v1/galleries/{gallery}/search", access: .holder(of: .query), execution: .search,
            bodyLimit: service.configuration.limits.searchBody,
            requiresBody: true
        ) { request in
            try service.gatekeeper.searching(request) {
                let start = ContinuousClock.now
                try service.audit.check()
                let (snapshot, network) = try service.searchableSnapshot(of: request.visibleGallery())
                let question = try Question(request, service: service, network: network, takesStanding: false)
                try question.options.checkProbability(in: snapshot)
                var answer = try Search(store: service.store, snapshot: snapshot, options: question.options)
                    .answer(for: question.vector, warnings: question.warnings) {
                        request.cancellation.isCancelled
                    }
                answer.timing.take(question.timing, since: start)
                let details = try SearchDetails(answer, images: question.images)
                try service.audit.record(AuditEvent(details, by: request))
                return .now(answer.response())
            }
        }
    ]
}
