internal import Foundation
internal import Synchronization

/// Catches SIGTERM and SIGINT, so that a command can wait for one or ask whether one came; the second signal ends the
/// process at once.
final class StopSignals {
    private let arrived = DispatchSemaphore(value: 0)
    private let first = First()
    private var sources: [any DispatchSourceSignal] = []

    /// The number of the signal that arrived first; 0 until one arrives.
    private final class First: Sendable {
        let number = Atomic<Int32>(0)
    }

    init() {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [arrived, first] in
                _ = first.number.compareExchange(expected: 0, desired: number, ordering: .relaxed)
                arrived.signal()
                signal(number, SIG_DFL)
            }
            source.resume()
            sources.append(source)
        }
    }

    /// Whether one of the signals has arrived.
    var hasArrived: Bool { question() }

    /// A function, for any thread, that returns whether one of the signals has arrived.
    var question: @Sendable () -> Bool { { [first] in first.number.load(ordering: .relaxed) != 0 } }

    /// Waits until one of the signals arrives.
    func wait() { arrived.wait() }

    /// The failure of a command that was stopped by a signal; `advice` says what was kept and how to continue.
    func interruption(_ advice: String) -> CommandFailure {
        CommandFailure("interrupted: \(advice)", code: 128 + first.number.load(ordering: .relaxed))
    }
}
