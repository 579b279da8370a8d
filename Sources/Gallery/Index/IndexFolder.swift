import FoundationEssentials
import Ranking

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The files of one gallery's index, in a folder of their own.
///
/// They are made from the database, and are made anew when they are missing, older than the database or damaged. Only the
/// writer of the gallery changes them.
struct IndexFolder: Sendable {
    /// What the folder holds; the numbers are parts of file names.
    struct Manifest: Codable, Equatable {
        /// A part of the index.
        struct Part: Codable, Equatable {
            /// The row at which it begins.
            var first: Int
            /// The rows there is room for.
            var capacity: Int
            /// The number of its vectors and columns.
            var number: Int
            /// The number of its heads; nil if it has none.
            var heads: Int?
            /// The rows of a part that takes no more; nil for the last part.
            var count: Int?
        }

        /// The version of the files.
        var version = 1
        /// The gallery's model and dimensions.
        var model: String
        var dimensions: Int
        /// The number of the directions of the heads; nil if there are none.
        var directions: Int?
        /// The rows that the gallery had when the directions were made.
        var directionRows = 0
        var parts: [Part] = []
        /// The next unused number.
        var next = 1
    }

    /// The state of the gallery that the files are of.
    struct State: Equatable {
        /// The gallery's revision.
        var revision: Int64
        /// The number of images.
        var images: Int64
        /// The stamp of the database's present run, and of the run before.
        var stamp: Int64
        var previousStamp: Int64
    }

    let path: String
    private(set) var manifest: Manifest
    /// The mapped numbers of `State`; nobody else writes them.
    private let state: RowStorage

    /// Makes an empty folder; what is there is removed.
    init(creating path: String, for gallery: GalleryFacts) throws {
        try Self.remove(path)
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        self.path = path
        manifest = Manifest(model: gallery.model, dimensions: gallery.dimensions)
        state = try RowStorage(Self.stateLayout, path: path + "/state", exists: false)
        try state.allocate(rows: 1)
        try save()
    }

    /// Opens the folder of an earlier run.
    ///
    /// - Returns: nil if there is none for this gallery.
    /// - Throws: why it cannot be read.
    init?(opening path: String, for gallery: GalleryFacts) throws {
        guard FileManager.default.fileExists(atPath: path + "/parts.json") else { return nil }
        let data = try Data(contentsOf: URL(filePath: path + "/parts.json"))
        let manifest = try JSONDecoder().decode(Manifest.self, from: data)
        let empty = Manifest(model: gallery.model, dimensions: gallery.dimensions)
        guard manifest.version == empty.version, manifest.model == empty.model,
            manifest.dimensions == empty.dimensions, manifest.isSound
        else { return nil }
        self.path = path
        self.manifest = manifest
        state = try RowStorage(Self.stateLayout, path: path + "/state", exists: true)
    }

    /// Removes a folder and everything in it; nothing if it is not there.
    static func remove(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try FileManager.default.removeItem(atPath: path)
    }

    private static let stateLayout = RowStorage.Layout(identity: [5], columns: [8, 8, 8, 8], capacity: 64)

    /// The state that was noted last; nil if none was, or it is damaged.
    var notedState: State? {
        guard state.isIntact(0) else { return nil }
        return unsafe State(
            revision: state.column(0, of: Int64.self)[0], images: state.column(1, of: Int64.self)[0],
            stamp: state.column(2, of: Int64.self)[0], previousStamp: state.column(3, of: Int64.self)[0])
    }

    /// Notes the state that the files are of now.
    func note(_ new: State) {
        unsafe state.column(0, of: Int64.self)[0] = new.revision
        unsafe state.column(1, of: Int64.self)[0] = new.images
        unsafe state.column(2, of: Int64.self)[0] = new.stamp
        unsafe state.column(3, of: Int64.self)[0] = new.previousStamp
        state.seal(0..<1)
    }

    /// The path of a file with a number.
    func file(_ kind: String, _ number: Int) -> String { "\(path)/\(kind)-\(number)" }

    /// The first of some numbers that no file has had.
    mutating func newNumbers(_ count: Int = 1) -> Int {
        defer { manifest.next += count }
        return manifest.next
    }

    /// Changes what the folder holds, then removes the files that it no longer names.
    mutating func update(_ change: (inout Manifest) -> Void) throws(IndexFileError) {
        let before = manifest.files
        change(&manifest)
        do {
            try save()
            for file in before.subtracting(manifest.files) {
                try FileManager.default.removeItem(atPath: "\(path)/\(file)")
            }
        } catch {
            throw .unusable(path: path, reason: "\(error)")
        }
    }

    /// Removes files that a run left behind that was killed.
    func removeUnnamedFiles() throws {
        let named = manifest.files.union(["parts.json", "state"])
        for file in try FileManager.default.contentsOfDirectory(atPath: path) where !named.contains(file) {
            try FileManager.default.removeItem(atPath: "\(path)/\(file)")
        }
    }

    private func save() throws {
        try JSONEncoder().encode(manifest).write(to: URL(filePath: path + "/parts.json"), options: .atomic)
    }

    /// Writes directions to a file.
    func write(_ rotation: HeadRotation, number: Int) throws(IndexFileError) {
        let path = file("directions", number)
        do { try Vector.data(rotation.directions).write(to: URL(filePath: path), options: .atomic) } catch {
            throw .unusable(path: path, reason: "\(error)")
        }
    }

    /// Reads directions; nil if they are damaged.
    func directions(_ number: Int) throws -> HeadRotation? {
        let data = try Data(contentsOf: URL(filePath: file("directions", number)))
        let values = Vector.values(of: data)
        return values.allSatisfy(\.isFinite)
            ? HeadRotation(directions: values, dimensions: manifest.dimensions) : nil
    }
}

extension IndexFolder.Manifest {
    /// The names of the files of its parts and directions.
    fileprivate var files: Set<String> {
        var files: Set<String> = []
        if let directions { files.insert("directions-\(directions)") }
        for part in parts {
            files.formUnion(["vectors-\(part.number)", "columns-\(part.number)"])
            if let heads = part.heads { files.insert("heads-\(heads)") }
        }
        return files
    }

    /// Whether its parts can be those of an index, so that nothing else needs to doubt it.
    fileprivate var isSound: Bool {
        var end = 0
        for (place, part) in parts.enumerated() {
            guard part.first == end, part.capacity > 0, part.capacity <= VectorSegment.usualCapacity,
                part.capacity.isMultiple(of: 64), part.number < next, 0...part.capacity ~= part.count ?? 0,
                part.count != nil || place == parts.count - 1
            else { return false }
            end += part.capacity
        }
        return true
    }
}
