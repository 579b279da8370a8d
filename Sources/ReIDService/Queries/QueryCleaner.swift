internal import Gallery
internal import Logging

/// Deletes kept queries whose time is over, once a minute, and gives the space of deletions back to the file system.
final class QueryCleaner: Sendable {
    private let service: ServiceContext
    private let passes = RepeatedWork(name: "reid.query-cleaner", every: 60)

    init(service: ServiceContext) { self.service = service }

    /// Starts to clean: at once, and then every minute.
    func start() { passes.start { [weak self] in self?.clean() } }

    /// Stops, and returns when a deletion that runs is done.
    func stop() { passes.stop() }

    /// Deletes what is over, then gives space back.
    func clean() {
        let days = service.configuration.limits.keptQueryDays
        do {
            while !passes.mustStop {
                let count = try service.store.deleteExpiredQueries(keptFor: days == 0 ? nil : days) { id, gallery in
                    try .byService(
                        .queryDelete, of: id,
                        details: ["gallery": .text(gallery), "reason": "expired"] as [String: JSONValue])
                }
                if count == 0 { break }
            }
            while !passes.mustStop, try service.store.giveBackSpace() {}
        } catch {
            service.logger.error("kept queries not cleaned", metadata: ["error": "\(error)"])
        }
    }
}
