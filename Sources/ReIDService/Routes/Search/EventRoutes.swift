internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `GET /v1/queries/{query}/events`: a kept query's rankings as server-sent events.
func eventRoutes(_ service: ServiceContext) -> [Route] {
    let rankings = KeptRanking(service: service)
    return [
        Route(.get, "/v1/queries/{query}/events", access: .holder(of: .query)) { request in
            try QueryParameters(request.query).finish()
            let query = try service.visibleQuery(request)
            let stream = service.streams.open(query: query.id, for: request)
            do {
                // Reads the ranking after registering, because one that changed in between would not reach this stream.
                let newest = try rankings.newestAnswer(of: query, to: request)
                if case .bytes(let text) = newest.response.body {
                    service.streams.offer(text, version: newest.revision, to: query.id, only: stream.number)
                }
                if let error = service.failures.reason(of: query.id) {
                    service.streams.tell(StreamStatus(error: error), to: query.id, only: stream.number)
                }
            } catch {
                service.streams.forget(query.id, stream.number)
                throw error
            }
            return .now(
                ServerResponse(
                    fields: [.contentType: ServerSentEvent.mediaType, .cacheControl: "no-store"],
                    body: .live(stream.body)))
        }
    ]
}
