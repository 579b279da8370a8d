internal import Datasets
internal import Gallery
internal import HTTP

/// The items in a batch's body, with the offsets of their bytes; the bytes themselves are not loaded.
///
/// The same body always gives the same entries in the same order, so an entry's index identifies it when a batch
/// continues after a restart.
struct BatchIndex: Sendable {
    /// One item of the batch.
    enum Entry: Sendable, Equatable {
        /// A line of the manifest, or of an NDJSON body.
        case line(LineScanner.Line)
        /// An image in a tar without a manifest; its name may say more (`MarketName`).
        case image(name: String, range: Range<Int>)
        /// An image that the manifest does not name. It fails, because nobody wants it without its metadata.
        case unlisted(name: String)
        /// A row of the tensor of embeddings, and the line about it.
        case row(Int, line: LineScanner.Line?)
    }

    /// Where the images of manifest lines are.
    let style: ManifestItem.Style
    /// The items, in the order of the body.
    private(set) var entries: [Entry] = []
    /// Warnings about the batch as a whole.
    private(set) var warnings: [String] = []
    /// The embeddings of a safetensors body.
    let table: EmbeddingTable?
    /// The images by name; empty for NDJSON.
    private let files: [String: Range<Int>]
    /// The folder of the manifest, to which its names are relative, with a trailing slash; usually "".
    private let folder: String

    /// The place of the image that a manifest's line names; nil if the body has no such file.
    func file(_ name: String) -> Range<Int>? {
        memberName(Array(name.utf8)).flatMap { files[folder + $0] }
    }

    private init(
        style: ManifestItem.Style, files: [String: Range<Int>] = [:], folder: String = "", table: EmbeddingTable? = nil
    ) {
        self.style = style
        self.files = files
        self.folder = folder
        self.table = table
    }

    /// Indexes a body of any kind; `contentType` is the request's, including the boundary of a multipart body.
    init(_ source: ByteSource, kind: BatchKind, contentType: String) throws(ContainerError) {
        if let format = Compression(of: try source.read(at: 0, count: Compression.signatureBytes)) {
            throw .compressed(format)
        }
        switch kind {
        case .tar: try self.init(tar: source)
        case .multipart: try self.init(multipart: source, contentType: contentType)
        case .ndjson: try self.init(lines: source)
        case .safetensors: try self.init(tensors: source)
        }
    }

    /// Indexes an NDJSON body: each line is an item.
    init(lines source: ByteSource) throws(ContainerError) {
        self.init(style: .inline)
        try readLines(source, 0..<source.count)
        try check()
    }

    /// Indexes a safetensors body: each row of its tensor of embeddings is an item.
    init(tensors source: ByteSource) throws(ContainerError) {
        let table = try EmbeddingTable(source)
        guard table.rows <= IngestionLimits.items else { throw .tooManyItems(limit: IngestionLimits.items) }
        self.init(style: .rows, table: table)
        if let items = table.items {
            guard items.count <= IngestionLimits.manifestBytes else {
                throw .manifestTooLarge(bytes: items.count, limit: IngestionLimits.manifestBytes)
            }
            try readLines(source, items) { .row($0, line: $1) }
            guard entries.count == table.rows else { throw .wrongItemCount(rows: table.rows, items: entries.count) }
        } else {
            entries = (0..<table.rows).map { .row($0, line: nil) }
        }
        try check()
    }

    /// Indexes a tar: images, and at most one `manifest.ndjson`, at the top or in the folder that was packed.
    init(tar source: ByteSource) throws(ContainerError) {
        var reader = TarReader(source)
        var names: [String] = []
        var files: [String: Range<Int>] = [:]
        var manifest: TarMember?
        while let member = try reader.next() {
            guard names.count < IngestionLimits.items else { throw .tooManyItems(limit: IngestionLimits.items) }
            if member.name == Self.manifestName || member.name.hasSuffix("/" + Self.manifestName) {
                guard manifest == nil else { throw .duplicateName(name: Self.manifestName, offset: member.header) }
                manifest = member
            } else {
                guard files.updateValue(member.range, forKey: member.name) == nil else {
                    throw .duplicateName(name: member.name, offset: member.header)
                }
                names.append(member.name)
            }
        }
        if let manifest {
            let folder = String(manifest.name.dropLast(Self.manifestName.count))
            self.init(style: .named, files: files, folder: folder)
            try readManifest(source, manifest.range, names: names)
        } else {
            self.init(style: .named, files: files)
            entries = names.compactMap { name in files[name].map { .image(name: name, range: $0) } }
            warn(of: names.count(where: { MarketName($0) == nil && MarketName.resembles($0) }))
        }
        try check()
    }

    /// Indexes a form: one part `manifest`, and parts `image` with the file names that it uses, in any order.
    init(multipart source: ByteSource, contentType: String) throws(ContainerError) {
        var names: [String] = []
        var files: [String: Range<Int>] = [:]
        var manifest: Range<Int>?
        do {
            var reader = try Self.reader(source, boundary: MultipartReader.boundary(ofContentType: contentType) ?? "")
            while let part = try reader.next() {
                let start = part.range.lowerBound
                if part.name == "manifest" {
                    guard manifest == nil else { throw ContainerError.duplicateName(name: part.name, offset: start) }
                    manifest = part.range
                    continue
                }
                guard part.name == "image", let filename = part.filename else {
                    throw ContainerError.unexpectedPart(name: part.name, offset: start)
                }
                guard let name = memberName(Array(filename.utf8)), !name.isEmpty else {
                    throw ContainerError.unsafeName(name: filename, offset: start)
                }
                guard files.updateValue(part.range, forKey: name) == nil else {
                    throw ContainerError.duplicateName(name: name, offset: start)
                }
                names.append(name)
            }
        } catch let error as MultipartError {
            throw .multipart(error)
        } catch let error as ContainerError {
            throw error
        } catch {
            throw .multipart(.truncated)
        }
        guard let manifest else { throw .noManifest }
        self.init(style: .named, files: files)
        try readManifest(source, manifest, names: names)
        try check()
    }

    private static func reader(_ source: ByteSource, boundary: String) throws(MultipartError) -> MultipartReader {
        let limits = MultipartLimits(parts: IngestionLimits.items + 1)
        switch source {
        case .bytes(let bytes): return try MultipartReader(.bytes(bytes), boundary: boundary, limits: limits)
        case .file(let file): return try MultipartReader(file: file, boundary: boundary, limits: limits)
        }
    }

    private static let manifestName = "manifest.ndjson"

    /// Adds an entry for each line of the manifest, then one for each image that no line names.
    private mutating func readManifest(
        _ source: ByteSource, _ range: Range<Int>, names: [String]
    ) throws(ContainerError) {
        guard range.count <= IngestionLimits.manifestBytes else {
            throw .manifestTooLarge(bytes: range.count, limit: IngestionLimits.manifestBytes)
        }
        try readLines(source, range)
        var unlisted = Set(names)
        var unplaced = 0
        for case .line(let line) in entries where line.range.count <= IngestionLimits.manifestLineBytes {
            guard let image = ManifestImage.read(try source.read(line.range)),
                let name = memberName(Array(image.name.utf8))
            else { continue }
            unlisted.remove(folder + name)
            if !image.hasSighting, MarketName.resembles(name) { unplaced += 1 }
        }
        entries += names.lazy.filter(unlisted.contains).map { .unlisted(name: $0) }
        warn(of: unplaced)
    }

    /// Warns that `unplaced` images have names like those of a data set, but neither a person nor a camera.
    private mutating func warn(of unplaced: Int) {
        guard unplaced > 0 else { return }
        warnings.append(
            "\(unplaced) of \(entries.count) images have names like those of a data set, but neither a person nor a camera: "
                + "without a manifest, only names such as 0002_c1s1_000451_03.jpg are read; with one, none.")
    }

    /// Adds an entry for each line; a byte order mark before the first, which some editors write, is skipped.
    private mutating func readLines(
        _ source: ByteSource, _ range: Range<Int>,
        as entry: (_ index: Int, LineScanner.Line) -> Entry = { .line($1) }
    ) throws(ContainerError) {
        let start = try source.read(at: range.lowerBound, count: min(utf8Mark.count, range.count))
        var scanner = LineScanner(source, start == utf8Mark ? range.dropFirst(utf8Mark.count) : range)
        while let line = try scanner.next() {
            guard entries.count < IngestionLimits.items else { throw .tooManyItems(limit: IngestionLimits.items) }
            entries.append(entry(entries.count, line))
        }
    }

    private func check() throws(ContainerError) {
        guard !entries.isEmpty else { throw .empty }
        guard entries.count <= IngestionLimits.items else { throw .tooManyItems(limit: IngestionLimits.items) }
    }
}
