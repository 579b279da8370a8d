extension Service.Configuration {
    /// The long work that administrators ask for.
    public struct Jobs: Sendable, Equatable {
        /// Jobs that may be queued or running.
        public var waiting = 100
        /// Finished jobs that are remembered.
        public var kept = 1000
        /// Bytes of disk space that a backup or a compaction leaves free.
        public var spareBytes = 256 << 20
        /// Images for which a calibration searches.
        public var calibrationQueries = 2_000
        /// Bytes of the largest database that a job which erases rewrites at its end.
        public var erasureRewriteBytes = 256 << 20
        /// Seconds between two looks for images that are older than their gallery keeps them.
        public var retentionInterval = 3600
        /// Days that the clock may go on between two such looks; after a larger step nothing is erased for its age.
        public var retentionLargestStep = 7
        /// The folders for backups; empty: `backups` in the data folder.
        public var backupFolders: [String] = []

        /// The defaults.
        public init() {}
    }
}

extension ConfigurationField {
    static let jobs = [
        ConfigurationField(
            "jobs.waiting", .whole(\.jobs.waiting, in: 1...10_000), unit: "jobs",
            "The most jobs that are queued or running; one more is answered 409."),
        ConfigurationField(
            "jobs.kept", .whole(\.jobs.kept, in: 1...1_000_000), unit: "jobs",
            "How many finished jobs are remembered; batches do not count."),
        ConfigurationField(
            "jobs.spare_bytes", .whole(\.jobs.spareBytes, in: 0...(1 << 50)), unit: "bytes",
            "The disk space that a backup or a compaction leaves free; a job that would leave less fails before it begins."
        ),
        ConfigurationField(
            "jobs.calibration_queries", .whole(\.jobs.calibrationQueries, in: 100...100_000), unit: "images",
            "The most images for which a calibration searches; more take longer, and make probabilities surer."),
        ConfigurationField(
            "jobs.erasure_rewrite_bytes", .whole(\.jobs.erasureRewriteBytes, in: 0...(1 << 50)), unit: "bytes",
            "The largest database that a job which erases rewrites at its end, so that no name is left in an unused part of a page; "
                + "of a larger one it makes the indexes anew."),
        ConfigurationField(
            "jobs.retention_interval", .whole(\.jobs.retentionInterval, in: 1...86_400), unit: "s",
            "Seconds between two checks for images that are older than their gallery keeps them."),
        ConfigurationField(
            "jobs.retention_largest_step", .whole(\.jobs.retentionLargestStep, in: 2...36_500), unit: "days",
            "How far the clock may go between two such looks; after a larger step nothing is erased until the retention is "
                + "set again, because the clock may be wrong."),
        ConfigurationField(
            "jobs.backup_folders", .list(\.jobs.backupFolders, of: .folders), default: "`backups` in the data folder",
            "The folders into which backups may be written, and into the folders in them."),
    ]
}
