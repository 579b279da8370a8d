import Synchronization

/// What a commit changed.
public enum GalleryChange: Sendable, Equatable {
    /// A gallery was created, or its images changed; its snapshot has this revision or a later one.
    case gallery(name: String, revision: Int64)
    /// A gallery and everything in it was deleted.
    case galleryDeleted(name: String)
    /// A batch was accepted, moved on, or was asked to stop.
    case batch(id: String, state: BatchState)
    /// A kept query has a new ranking.
    case ranking(query: String, revision: Int64)
    /// A kept query's ranking showed an image that has been erased, and was erased with it; compute it again.
    case rankingErased(query: String)
    /// A kept query was deleted.
    case queryDeleted(id: String)
}

/// Keeps an observer registered; cancelling it, or letting go of it, ends the calls.
public final class GalleryObservation: Sendable {
    private let end: @Sendable () -> Void

    init(end: @escaping @Sendable () -> Void) {
        self.end = end
    }

    deinit { end() }

    /// Ends the calls; one that is under way on another thread still finishes.
    public func cancel() {
        end()
    }
}

/// The handlers to call after a commit.
final class Observers: Sendable {
    typealias Handler = @Sendable (GalleryChange) -> Void

    private struct State {
        var handlers: [Int: Handler] = [:]
        var next = 0
    }

    private let state = Mutex(State())

    func add(_ handler: @escaping Handler) -> GalleryObservation {
        let number = state.withLock { state in
            state.next += 1
            state.handlers[state.next] = handler
            return state.next
        }
        return GalleryObservation { [weak self] in
            self?.remove(number)
        }
    }

    private func remove(_ number: Int) {
        // The handler may own what has the observation: let go of it outside the lock.
        _ = state.withLock { $0.handlers.removeValue(forKey: number) }
    }

    /// Calls every handler with every change, in order, on this thread and outside all locks.
    func notify(_ changes: [GalleryChange]) {
        guard !changes.isEmpty else { return }
        let handlers = state.withLock { state in state.handlers.sorted { $0.key < $1.key }.map(\.value) }
        for change in changes {
            for handler in handlers { handler(change) }
        }
    }
}
