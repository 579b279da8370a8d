internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Synchronization

/// Answers that stay right until a commit changes what they tell, kept whole so that an event loop can give them.
///
/// Observers run before a commit returns: whoever has changed something finds it in the next answer.
final class AnswerCache: Sendable {
    /// What an answer tells of.
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
    /// Bytes of all answers together; one more begins anew.
    private let limit: Int

    init(limit: Int = 64 << 20) { self.limit = limit }

    /// How many changes there have been; to be read before what an answer is made from.
    var changes: Int { state.withLock { $0.changes } }

    /// The answer to a request without parameters: kept, or a 304 where the client has it; nil where it is to be made.
    func answer(to request: ServerRequest, about subject: Subject) -> ServerResponse? {
        guard request.query.isEmpty, let answer = state.withLock({ $0.answers[subject] }) else { return nil }
        return answer.tag.flatMap { unchanged(request, $0) } ?? answer.response
    }

    /// Keeps an answer, unless there was a change since `changes`, or it is larger than a tenth of what is kept at most.
    func keep(_ response: ServerResponse, tag: EntityTag? = nil, about subject: Subject, since changes: Int) {
        guard case .bytes(let body) = response.body else { return }
        // What fields and tables take beside the body, roughly.
        let answer = Answer(response: response, tag: tag, bytes: body.count + 1024)
        guard answer.bytes <= limit / 10 else { return }
        state.withLock { state in
            guard state.changes == changes else { return }
            state.remove(subject)
            if state.bytes + answer.bytes > limit { (state.answers, state.bytes) = ([:], 0) }
            state.answers[subject] = answer
            state.bytes += answer.bytes
        }
    }

    /// Forgets what a commit has changed.
    func take(_ change: GalleryChange) {
        state.withLock { state in
            state.changes += 1
            switch change {
            case .gallery(let name, _), .galleryDeleted(let name):
                state.remove(.gallery(name))
                state.remove(.galleries)
            case .batch:
                // A gallery tells its unfinished batches; which gallery's this is does not matter.
                for case .gallery(let name) in Array(state.answers.keys) { state.remove(.gallery(name)) }
                state.remove(.galleries)
            case .ranking(let query, _), .rankingErased(let query), .queryDeleted(let query):
                state.remove(.ranking(query: query))
            }
        }
    }
}
