internal import Foundation
internal import Synchronization

/// SIGTERM and SIGINT as something to wait for or to ask for; the second one ends the process at once.
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

    /// Whether one of the signals came.
    var hasArrived: Bool { flag.isSet.load(ordering: .relaxed) }

    /// Asks, from any thread, whether one of the signals came.
    var question: @Sendable () -> Bool { { [flag] in flag.isSet.load(ordering: .relaxed) } }

    /// Returns once one of the signals came.
    func wait() { arrived.wait() }
}
