internal import Dispatch
internal import Foundation
internal import Gallery
internal import Synchronization

/// A thread that does what the store has accepted, sleeps while there is nothing to do, and ends when it is asked to.
final class WorkThread: Sendable {
    private let name: String
    private let news = DispatchSemaphore(value: 0)
    private let running = DispatchGroup()
    private let isStopped = Atomic(false)
    private let observation = Mutex<GalleryObservation?>(nil)

    /// A thread of this name; it does not run before `start`.
    init(name: String) { self.name = name }

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - watching: what wakes the thread; it is cancelled by `stop`.
    ///   - body: the work; it must return soon once `mustStop` is true.
    func start(watching: GalleryObservation, _ body: @escaping @Sendable () -> Void) {
        observation.withLock { $0 = watching }
        running.enter()
        let thread = Thread { [running] in
            defer { running.leave() }
            body()
        }
        thread.name = name
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Stops the thread and returns when it has ended.
    func stop() {
        requestStop()
        join()
        let watching = observation.withLock { observation in
            defer { observation = nil }
            return observation
        }
        watching?.cancel()
    }

    /// Asks the thread to stop; may be called from any thread, including this one.
    func requestStop() {
        isStopped.store(true, ordering: .releasing)
        wake()
    }

    /// Waits for the end of the thread.
    func join() { running.wait() }

    /// Whether the work must end.
    var mustStop: Bool { isStopped.load(ordering: .acquiring) }

    /// Wakes the thread, because there may be something to do.
    func wake() { news.signal() }

    /// Sleeps until the thread is woken; for the thread itself.
    func sleep() { news.wait() }

    /// Sleeps until the thread is woken, or for so many seconds; for the thread itself.
    func sleep(atMost seconds: Int) { _ = news.wait(timeout: .now() + .seconds(seconds)) }
}
