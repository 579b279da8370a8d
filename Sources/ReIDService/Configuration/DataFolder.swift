/// Where a service keeps everything that survives it: one folder, fixed names.
public struct DataFolder: Sendable, Equatable {
    /// The folder itself, without a trailing slash.
    public let path: String

    /// Names the folder; nothing is created or checked.
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
    /// Bodies of accepted batches, a file each, until the batch is over.
    public var batches: String { path + "/batches" }
    /// Request bodies while they arrive; emptied at every start.
    public var spool: String { path + "/spool" }
}
