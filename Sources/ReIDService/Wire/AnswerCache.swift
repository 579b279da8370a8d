internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Synchronization

/// Complete answers in memory, which stay valid until a commit changes what they describe; event loops send them
/// without a worker.
///
/// Observers run before a commit returns, so a client that has changed something sees the change in the next answer.
final class AnswerCache: Sendable {
    /// The subject of an answer.
    enum Subject: Hashable {
        /// The first page of all galleries.
        case galleries
        case gallery(String)
        case ranking(query: String)
    }

    private struct Answer {
        let response: ServerResponse
        let tag: EntityTag?
        let bytes: Int
        /// The gallery that the answer tells of; nil: all galleries.
        let gallery: String?

        /// Whether whoever asks may see the answer.
        func isVisible(to principal: Principal?) -> Bool {
            guard let principal else { return false }
            return gallery.map(principal.sees) ?? (principal.galleries == nil)
        }
    }

    private struct State {
        var answers: [Subject: Answer] = [:]
        var bytes = 0
        var changes = 0

        mutating func remove(_ subject: Subject) {
            if let answer = answers.removeValue(forKey: subject) { bytes -= answer.bytes }
        }
    }

    private let state = Mutex(State())
    /// The most bytes of all answers together; when they are exceeded, all answers are dropped.
    private let limit: Int

    init(limit: Int = 64 << 20) { self.limit = limit }

    /// The number of changes so far; read it before reading the data for an answer.
    var changes: Int { state.withLock { $0.changes } }

    /// The kept answer to a request without parameters, or a 304 if the client has it already; nil if the answer must
    /// be made, or may not be seen by who asks.
    func answer(to request: ServerRequest, about subject: Subject) -> ServerResponse? {
        guard request.query.isEmpty, let answer = kept(about: subject, for: request) else { return nil }
        return answer.tag.flatMap { unchanged(request, $0) } ?? answer.response
    }

    /// The kept answer with its tag; nil if there is none that whoever asks may see.
    func kept(about subject: Subject, for request: ServerRequest) -> (response: ServerResponse, tag: EntityTag?)? {
        guard let answer = state.withLock({ $0.answers[subject] }), answer.isVisible(to: request.principal) else {
            return nil
        }
        return (answer.response, answer.tag)
    }

    /// Keeps an answer about `gallery`, or about all galleries if that is nil, unless there was a change since `changes`,
    /// or it is larger than a tenth of the limit.
    func keep(
        _ response: ServerResponse, tag: EntityTag? = nil, about subject: Subject, in gallery: String?,
        since changes: Int
    ) {
        guard case .bytes(let body) = response.body else { return }
        // Roughly the memory of header fields and tables, in addition to the body.
        let answer = Answer(response: response, tag: tag, bytes: body.count + 1024, gallery: gallery)
        guard answer.bytes <= limit / 10 else { return }
        state.withLock { state in
            guard state.changes == changes else { return }
            state.remove(subject)
            if state.bytes + answer.bytes > limit { (state.answers, state.bytes) = ([:], 0) }
            state.answers[subject] = answer
            state.bytes += answer.bytes
        }
    }

    /// Drops the answers that a commit has made invalid.
    func take(_ change: GalleryChange) {
        state.withLock { state in
            state.changes += 1
            switch change {
            case .gallery(let name, _), .galleryDeleted(let name):
                state.remove(.gallery(name))
                state.remove(.galleries)
            case .batch:
                // An answer about a gallery lists its unfinished batches; the answers of all galleries are dropped,
                // because the change does not name the gallery.
                for case .gallery(let name) in Array(state.answers.keys) { state.remove(.gallery(name)) }
                state.remove(.galleries)
            case .ranking(let query, _), .rankingErased(let query), .queryDeleted(let query):
                state.remove(.ranking(query: query))
            case .job: break
            }
        }
    }
}
