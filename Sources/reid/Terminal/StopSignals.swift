internal import Foundation
internal import Synchronization

/// Catches SIGTERM and SIGINT, so that a command can wait for one or ask whether one came; the second signal ends the
/// process at once.
final class StopSignals {
    private let arrived = DispatchSemaphore(value: 0)
    private let flag = Flag()
    private var sources: [any DispatchSourceSignal] = []

    private final class Flag: Sendable {
        let isSet = Atomic(false)
    }

    init() {
        for number in [SIGTERM, SIGINT] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { [arrived, flag] in
                flag.isSet.store(true, ordering: .relaxed)
                arrived.signal()
                signal(number, SIG_DFL)
            }
            source.resume()
            sources.append(source)
        }
    }

    /// Whether one of the signals has arrived.
    var hasArrived: Bool { flag.isSet.load(ordering: .relaxed) }

    /// A function, for any thread, that returns whether one of the signals has arrived.
    var question: @Sendable () -> Bool { { [flag] in flag.isSet.load(ordering: .relaxed) } }

    /// Waits until one of the signals arrives.
    func wait() { arrived.wait() }
}
