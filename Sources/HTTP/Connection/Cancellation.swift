import Synchronization

/// A flag that tells running work that nobody waits for its result any more.
///
/// The server cancels a request when its client closes the connection, or when the server's grace period ends. The flag
/// is never reset.
public final class Cancellation: Sendable {
    private let flag = Atomic(false)

    /// Creates a flag that is not set.
    public init() {}

    /// Whether `cancel` has been called.
    public var isCancelled: Bool { flag.load(ordering: .acquiring) }

    /// Sets the flag.
    public func cancel() { flag.store(true, ordering: .releasing) }
}
