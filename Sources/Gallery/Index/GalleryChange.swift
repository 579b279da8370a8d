import Synchronization

/// A change of the store that a commit made.
public enum GalleryChange: Sendable, Equatable {
    /// A gallery was created, or its images or properties changed; its snapshot has this revision or a later one.
    case gallery(name: String, revision: Int64)
    /// A gallery and everything in it was deleted.
    case galleryDeleted(name: String)
    /// A batch was accepted, changed its state, or was asked to stop.
    case batch(id: String, state: BatchState)
    /// A job was accepted, got further, changed its state, or was asked to stop.
    case job(id: String, state: JobState)
    /// A kept query has a new ranking.
    case ranking(query: String, revision: Int64)
    /// A kept query's ranking was erased together with an image that it showed; it must be computed again.
    case rankingErased(query: String)
    /// A kept query was deleted.
    case queryDeleted(id: String)
}

/// Keeps an observer registered until `cancel` or deinit.
public final class GalleryObservation: Sendable {
    private let end: @Sendable () -> Void

    init(end: @escaping @Sendable () -> Void) {
        self.end = end
    }

    deinit { end() }

    /// Stops the calls; a call that runs on another thread still finishes.
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
        // The handler may own the object that has the observation, so it is released outside the lock.
        _ = state.withLock { $0.handlers.removeValue(forKey: number) }
    }

    /// Calls every handler with every change, in order, on the calling thread, while no lock is held.
    func notify(_ changes: [GalleryChange]) {
        guard !changes.isEmpty else { return }
        let handlers = state.withLock { state in state.handlers.sorted { $0.key < $1.key }.map(\.value) }
        for change in changes {
            for handler in handlers { handler(change) }
        }
    }
}
