import GRDB

extension GalleryStore {
    /// A page of jobs, batches included, newest first.
    ///
    /// - Parameters:
    ///   - filter: which jobs.
    ///   - limit: the size of the page, in 1...1000.
    ///   - cursor: `next` of the previous page; nil: the first page.
    ///   - shows: only jobs that work on a gallery that this shows; nil: all jobs.
    /// - Returns: the page.
    /// - Throws: `invalidLimit`, `invalidCursor`.
    public func jobs(
        _ filter: JobFilter = JobFilter(), limit: Int, cursor: String? = nil,
        shows: ((_ gallery: String) -> Bool)? = nil
    ) throws(GalleryError) -> Page<JobRecord> {
        try Page<JobRecord>.check(limit: limit)
        var before = JobCursor()
        if let cursor { before = try JobCursor(cursor) }
        var (jobs, batches) = try read { db in
            (
                try db.jobs(filter, before: before.jobs, limit: limit + 1, shows: shows)[...],
                try db.batchesAsJobs(filter, before: before.batches, limit: limit + 1, shows: shows)[...]
            )
        }
        var items: [JobRecord] = []
        while items.count < limit {
            // Each list is in its own order of acceptance; the times only say how they lie beside each other.
            let isBatch = jobs.first.map { job in batches.first.map { $0.createdAt >= job.createdAt } ?? false } ?? true
            guard let item = isBatch ? batches.popFirst() : jobs.popFirst() else { break }
            if isBatch { before.batches = item.key } else { before.jobs = item.key }
            items.append(measured(item))
        }
        return Page(items: items, next: jobs.isEmpty && batches.isEmpty ? nil : before.text)
    }
}

/// The place in the list of jobs and batches after which a page starts: a key of each of the two tables.
private struct JobCursor {
    var jobs = Int64.max
    var batches = Int64.max

    init() {}

    /// Reads a cursor's text; throws `invalidCursor` for anything else.
    init(_ text: String) throws(GalleryError) {
        let parts = text.dropFirst().split(separator: ".", omittingEmptySubsequences: false)
            .map { Int64($0, radix: 36) }
        guard parts.count == 2, let jobs = parts[0], let batches = parts[1], jobs >= 0, batches >= 0 else {
            throw .invalidCursor(text)
        }
        (self.jobs, self.batches) = (jobs, batches)
        guard self.text == text else { throw .invalidCursor(text) }
    }

    var text: String { "j\(String(jobs, radix: 36)).\(String(batches, radix: 36))" }
}

extension Database {
    fileprivate func jobs(
        _ filter: JobFilter, before key: Int64, limit: Int, shows: ((String) -> Bool)?
    ) throws -> [JobRecord] {
        guard filter.kind != .enrollment else { return [] }
        let names = try names("SELECT DISTINCT gallery FROM job WHERE gallery IS NOT NULL", shows: shows)
        return try rows(
            """
            SELECT * FROM job WHERE key < ? AND (? IS NULL OR kind = ?) AND (? IS NULL OR state = ?)
                AND (? IS NULL OR gallery = ?) AND (? IS NULL OR gallery IN (SELECT value FROM json_each(?)))
            ORDER BY key DESC LIMIT ?
            """,
            [
                key, filter.kind?.rawValue, filter.kind?.rawValue, filter.state?.rawValue, filter.state?.rawValue,
                filter.gallery, filter.gallery, names, names, limit,
            ]
        ).map { try JobRecord($0) }
    }

    fileprivate func batchesAsJobs(
        _ filter: JobFilter, before key: Int64, limit: Int, shows: ((String) -> Bool)?
    ) throws -> [JobRecord] {
        guard filter.kind ?? .enrollment == .enrollment else { return [] }
        let names = try names("SELECT DISTINCT gallery_name FROM batch", shows: shows)
        return try rows(
            """
            SELECT * FROM batch WHERE key < ? AND (? IS NULL OR state = ?) AND (? IS NULL OR gallery_name = ?)
                AND (? IS NULL OR gallery_name IN (SELECT value FROM json_each(?)))
            ORDER BY key DESC LIMIT ?
            """,
            [
                key, filter.state?.rawValue, filter.state?.rawValue, filter.gallery, filter.gallery, names, names,
                limit,
            ]
        ).map { JobRecord(try BatchRecord($0)) }
    }
}

extension JobRecord {
    /// Reads a row of `job`.
    init(_ row: Row) throws {
        self.init(
            key: row["key"], id: row["id"], kind: try row.value("kind"), gallery: row["gallery"],
            parameters: row["parameters"], state: try row.value("state"),
            isCancelRequested: row["cancel_requested"], done: row["done"], total: row["total"],
            cursor: row["cursor"], result: row["result"], failure: row["failure"], createdBy: row["created_by"],
            createdAt: Timestamp(milliseconds: row["created_at"]), startedAt: row.timestamp("started_at"),
            finishedAt: row.timestamp("finished_at"))
    }
}
