internal import Gallery
internal import HTTP
internal import HTTPTypes

/// `GET /v1/queries/{query}/events`: a kept query's rankings as server-sent events.
func eventRoutes(_ service: ServiceContext) -> [Route] {
    let rankings = KeptRanking(service: service)
    return [
        Route(
            .get, "/v1/queries/{query}/events", access: .holder(of: .query), shortcut: { fromMemory($0, rankings) }
        ) { request in
            try QueryParameters(request.query).finish()
            let query = try service.visibleQuery(request)
            let stream = service.streams.open(query: query.id, for: request)
            do {
                // Reads the ranking after registering, because one that changed in between would not reach this stream.
                return open(stream, of: query.id, try rankings.newestAnswer(of: query, to: request), service)
            } catch {
                service.streams.forget(query.id, stream.number)
                throw error
            }
        }
    ]
}

/// Opens a stream with the ranking that is in memory, on the event loop; nil if there is none that who asks may see, or if
/// the request is wrong.
///
/// So many browsers that come back at the same time need no workers.
private func fromMemory(_ request: ServerRequest, _ rankings: KeptRanking) -> Reply? {
    let service = rankings.service
    guard request.query.isEmpty, let query = request.parameters["query"],
        rankings.keptAnswer(of: query, to: request) != nil
    else { return nil }
    let stream = service.streams.open(query: query, for: request)
    // A commit drops the kept ranking before it is told; so if there is one now, every later one reaches this stream.
    guard let newest = rankings.keptAnswer(of: query, to: request) else {
        service.streams.forget(query, stream.number)
        return nil
    }
    return open(stream, of: query, newest, service)
}

/// The reply with a stream that begins with a ranking.
private func open(
    _ stream: (number: Int, body: LiveBody), of query: String, _ newest: (revision: Int64, response: ServerResponse),
    _ service: ServiceContext
) -> Reply {
    if case .bytes(let text) = newest.response.body {
        service.streams.offer(text, version: newest.revision, to: query, only: stream.number)
    }
    if let error = service.failures.reason(of: query) {
        service.streams.tell(StreamStatus(error: error), to: query, only: stream.number)
    }
    return .now(
        ServerResponse(
            fields: [.contentType: ServerSentEvent.mediaType, .cacheControl: "no-store"], body: .live(stream.body)))
}
