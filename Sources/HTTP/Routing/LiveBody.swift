import Synchronization

/// A body whose pieces come later, from any thread, until it ends; meanwhile it costs a connection but no thread.
///
/// A piece that the client has not taken yet is replaced by a newer one of its kind, so that a slow client gets the newest
/// and nothing piles up. A client that does not read for `writeStallSeconds` of the server's configuration is cut off.
public final class LiveBody: Sendable {
    private struct State {
        /// What the connection has not taken yet: at most one piece of each kind, the newest last.
        var pieces: [(kind: String, bytes: [UInt8])] = []
        /// Whether no further piece comes.
        var hasEnded = false
        /// Whether the connection needs nothing any more.
        var isOver = false
        /// Tells the connection that there is something to take.
        var wake: (@Sendable () -> Void)?
    }

    /// The time without any byte sent after which `onSilence` is called.
    let silence: Duration
    let onSilence: @Sendable (LiveBody) -> Void
    private let farewell: [UInt8]
    private let onEnd: @Sendable () -> Void
    private let state: Mutex<State>

    /// Creates a body that goes on until `end` is called, the client leaves, or the server stops.
    ///
    /// - Parameters:
    ///   - opening: The first bytes.
    ///   - silence: The time without any byte sent after which `onSilence` is called.
    ///   - farewell: The last bytes when the server stops.
    ///   - onSilence: Called again and again while nothing is sent, and once when the client closes its side: sends
    ///     something, so that a client that is gone is noticed, or ends the body. Runs on an event loop, so it must not block.
    ///   - onEnd: Called once, when the body is over, so that whoever keeps it can drop it; must not block.
    public init(
        opening: [UInt8], silence: Duration, farewell: [UInt8], onSilence: @escaping @Sendable (LiveBody) -> Void,
        onEnd: @escaping @Sendable () -> Void = {}
    ) {
        self.silence = silence
        self.farewell = farewell
        self.onSilence = onSilence
        self.onEnd = onEnd
        state = Mutex(State(pieces: [("opening", opening)]))
    }

    /// Sends `bytes` as soon as the client takes them, in place of an earlier piece of this kind that it has not taken yet.
    public func send(_ bytes: [UInt8], as kind: String) { add(bytes, as: kind, ends: false) }

    /// Ends the body after `last`; what is sent later is dropped.
    public func end(with last: [UInt8] = []) { add(last, as: "end", ends: true) }

    /// Ends the body because the server stops.
    func stop() { end(with: farewell) }

    private func add(_ bytes: [UInt8], as kind: String, ends: Bool) {
        let wake: (@Sendable () -> Void)? = state.withLock { state in
            guard !state.hasEnded, !state.isOver else { return nil }
            let isWoken = !state.pieces.isEmpty
            state.pieces.removeAll { $0.kind == kind }
            state.pieces.append((kind, bytes))
            state.hasEnded = ends
            return isWoken ? nil : state.wake
        }
        wake?()
    }

    /// Sets the function that tells the connection of something to take.
    func attach(_ wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

    /// What is to be sent now, and whether nothing follows.
    func take() -> (bytes: [UInt8], isLast: Bool) {
        state.withLock { state in
            let pieces = state.pieces
            state.pieces = []
            let bytes = pieces.count == 1 ? pieces[0].bytes : pieces.flatMap(\.bytes)
            return (bytes, state.hasEnded)
        }
    }

    /// Says that the body is not needed any more: all of it is sent, or nobody reads it.
    func finish() {
        let isNews = state.withLock { state in
            let isNews = !state.isOver
            state.isOver = true
            state.pieces = []
            state.wake = nil
            return isNews
        }
        if isNews { onEnd() }
    }
}
