/// The images of a snapshot, the oldest first, in the same order as the rows of its embeddings.
///
/// They are stored in blocks that snapshots share: appending copies at most the last block (copy-on-write).
public struct ImageRows: Sendable, RandomAccessCollection {
    private static let blockSize = 1024

    /// The blocks; every block except the last is full.
    private var blocks: [[GalleryImage]] = []

    /// No images.
    init() {}

    init(_ images: some Sequence<GalleryImage>) {
        for image in images { append(image) }
    }

    /// The first row, 0.
    public var startIndex: Int { 0 }

    /// The number of images.
    public var endIndex: Int {
        guard let last = blocks.last else { return 0 }
        return (blocks.count - 1) * Self.blockSize + last.count
    }

    /// The image at `row`.
    public subscript(row: Int) -> GalleryImage {
        blocks[row / Self.blockSize][row % Self.blockSize]
    }

    /// Adds a newer image after the last row.
    mutating func append(_ image: GalleryImage) {
        if let last = blocks.last {
            precondition(last.last.map { $0.key < image.key } ?? true, "images are appended in the order of their keys")
        }
        if let last = blocks.last, last.count < Self.blockSize {
            blocks[blocks.count - 1].append(image)
        } else {
            blocks.append([image])
        }
    }

    /// The first row whose key is `key` or greater, by bisection.
    public func firstRow(from key: Int64) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if self[middle].key < key { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
