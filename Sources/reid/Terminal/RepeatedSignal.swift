internal import Dispatch
internal import Foundation

/// Calls a function whenever a signal arrives, until it is released.
final class RepeatedSignal {
    private let source: any DispatchSourceSignal

    init(_ number: Int32, _ action: @escaping @Sendable () -> Void) {
        signal(number, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler(handler: action)
        source.resume()
    }
}
