internal import Dispatch
internal import Gallery

/// The items that are recorded in one transaction: as many as come within some time, up to a number.
///
/// A commit waits for the disk, so one for many items is much faster than many for a few.
struct CommitGroup {
    private let limit: Int
    private let delay: DispatchTimeInterval
    private var outcomes: [ItemOutcome] = []
    private var bytes = 0
    /// When the group must be recorded; never while it is empty.
    private(set) var deadline = DispatchTime.distantFuture

    /// An empty group with the configured limits.
    init(_ configuration: Service.Configuration) {
        limit = configuration.enrollmentCommitItems
        delay = .milliseconds(configuration.enrollmentCommitDelay)
    }

    /// Whether these items fit in; an empty group takes any number.
    func hasRoom(for items: [ItemOutcome]) -> Bool { outcomes.isEmpty || outcomes.count + items.count <= limit }

    /// Whether the group must be recorded now.
    var isFull: Bool { outcomes.count >= limit || bytes >= IngestionLimits.commitBytes }

    /// Adds items, whose encoded images have `bytes` bytes.
    mutating func add(_ items: [ItemOutcome], bytes: Int) {
        if outcomes.isEmpty, !items.isEmpty { deadline = .now() + delay }
        outcomes += items
        self.bytes += bytes
    }

    /// Removes and returns the items.
    mutating func takeAll() -> [ItemOutcome] {
        defer { (outcomes, bytes, deadline) = ([], 0, .distantFuture) }
        return outcomes
    }
}
