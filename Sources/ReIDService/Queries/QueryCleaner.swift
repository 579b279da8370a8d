internal import Dispatch
internal import Gallery
internal import Logging
internal import Synchronization

/// Deletes kept queries whose time is over, once a minute, and gives the space of deletions back to the file system.
final class QueryCleaner: Sendable {
    private let service: ServiceContext
    private let queue = DispatchQueue(label: "reid.query-cleaner", qos: .utility, target: .global(qos: .utility))
    private let isStopped = Atomic(false)

    init(service: ServiceContext) { self.service = service }

    /// Starts to clean: at once, and then every minute.
    func start() { pass(after: 0) }

    private func pass(after seconds: Int) {
        queue.asyncAfter(deadline: .now() + .seconds(seconds)) { [weak self] in
            guard let self, !mustStop else { return }
            clean()
            pass(after: 60)
        }
    }

    /// Stops, and returns when a deletion that runs is done.
    func stop() {
        isStopped.store(true, ordering: .releasing)
        queue.sync {}
    }

    private var mustStop: Bool { isStopped.load(ordering: .acquiring) }

    /// Deletes what is over, then gives space back.
    func clean() {
        let days = service.configuration.limits.keptQueryDays
        do {
            while !mustStop {
                let count = try service.store.deleteExpiredQueries(keptFor: days == 0 ? nil : days) { id, gallery in
                    try .byService(
                        .queryDelete, of: id,
                        details: ["gallery": .text(gallery), "reason": "expired"] as [String: JSONValue])
                }
                if count == 0 { break }
            }
            while !mustStop, try service.store.giveBackSpace() {}
        } catch {
            service.logger.error("kept queries not cleaned", metadata: ["error": "\(error)"])
        }
    }
}
