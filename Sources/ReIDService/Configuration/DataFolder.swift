/// The folder in which a service keeps everything on disk, and the names of the files in it.
public struct DataFolder: Sendable, Equatable {
    /// The folder's path, without a trailing slash.
    public let path: String

    /// Names the folder; this creates and checks nothing.
    public init(_ path: String) {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        self.path = path
    }

    /// The SQLite database: galleries, images, batches, queries.
    public var database: String { path + "/reid.sqlite" }
    /// The admin listener's bearer token, mode 0600.
    public var adminToken: String { path + "/admin-token" }
    /// The weights that are served unless the configuration names others.
    public var model: String { path + "/model.safetensors" }
    /// The folder of the bodies of accepted batches: one file per batch, until the batch is over.
    public var batches: String { path + "/batches" }
    /// The folder for backups, unless the configuration names others.
    public var backups: String { path + "/backups" }
    /// A file whose space lets the service start on a full disk.
    public var reserve: String { path + "/reserve" }
    /// The folder of request bodies that are arriving; emptied at every start.
    public var spool: String { path + "/spool" }
}
