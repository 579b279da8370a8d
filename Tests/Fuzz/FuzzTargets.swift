import Foundation

@testable import Datasets
@testable import HTTP
@testable import Imaging
@testable import ReIDService
@testable import TensorFiles

/// The readers of bytes from outside, by the name that `run` takes.
enum FuzzTarget: String, CaseIterable {
    case request, chunked, multipart, tar, manifest, embeddings, safetensors, pickle, matlab, exif, jpeg, png

    /// The one that the variable `REID_FUZZ` names.
    static let chosen: FuzzTarget = {
        let name = ProcessInfo.processInfo.environment["REID_FUZZ"] ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            preconditionFailure("REID_FUZZ must be one of \(allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return target
    }()

    /// Reads `bytes`; an error is fine, a trap is a find.
    func read(_ bytes: [UInt8]) throws {
        switch self {
        case .request: readRequest(bytes)
        case .chunked: readChunks(bytes)
        case .multipart: try readForm(bytes)
        case .tar: try readTar(bytes)
        case .manifest: try readManifest(bytes)
        case .embeddings: try readEmbeddings(bytes)
        case .safetensors:
            let file = try SafetensorsFile(contentsOf: written(bytes))
            for name in file.names { _ = try file.floats(name) }
        case .pickle:
            _ = try? PickleReader.read(bytes)
            let file = try PyTorchFile(contentsOf: written(bytes))
            for name in file.names { _ = try file.floats(name) }
        case .matlab: _ = try MATLABFile(decoding: bytes)
        case .exif: readEXIF(bytes)
        case .jpeg: try readImage(bytes, .jpeg)
        case .png:
            try? readImage(bytes, .png)
            try readImage(withChecksums(bytes), .png)
        }
    }
}

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    try? FuzzTarget.chosen.read(unsafe Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// The path of a file with these bytes; there is only one, which is written again and again.
private func written(_ bytes: [UInt8]) throws -> String {
    let path = FileManager.default.temporaryDirectory.path + "/reid-fuzz-\(getpid())"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
}

/// A request is the same however much of the next one follows it, and incomplete if its last byte is missing.
private func readRequest(_ bytes: [UInt8]) {
    let limits = HeadLimits(HTTPServer.Configuration())
    func parse(_ count: Int) -> HeadParse { parseHead(Array(bytes.prefix(count)).span, limits: limits) }
    let whole = parse(bytes.count)
    switch whole {
    case .complete(_, let start):
        precondition(0 < start && start <= bytes.count && parse(start) == whole && parse(start - 1) == .needsMore)
    case .needsMore: precondition(parse(bytes.count / 2) == .needsMore)
    case .malformed: precondition([whole, .needsMore].contains(parse(bytes.count / 2)))
    }
}

/// A body is the same in one piece and byte by byte.
private func readChunks(_ bytes: [UInt8]) {
    func decode(step: Int) -> (content: [UInt8], end: Int?, isRefused: Bool) {
        var decoder = ChunkedDecoder(extensionLimit: 256, trailerLimit: 1024)
        var (content, start): ([UInt8], Int) = ([], 0)
        while start < bytes.count {
            let piece = Array(bytes[start..<min(start + step, bytes.count)])
            do {
                switch try decoder.step(piece.span) {
                case .needsMore: start += piece.count
                case .data(let range):
                    content += piece[range]
                    start += range.upperBound
                case .end(let end): return (content, start + end, false)
                }
            } catch {
                return (content, nil, true)
            }
        }
        return (content, nil, false)
    }
    precondition(decode(step: bytes.count + 1) == decode(step: 1))
}

private func readForm(_ bytes: [UInt8]) throws {
    var reader = try MultipartReader(.bytes(bytes), boundary: "frontier", limits: MultipartLimits(parts: 100))
    while let part = try reader.next() {
        precondition(part.range.lowerBound >= 0 && part.range.upperBound <= bytes.count)
        _ = try reader.bytes(of: part, limit: 1 << 20)
    }
}

private func readTar(_ bytes: [UInt8]) throws {
    let index = try BatchIndex(tar: .bytes(bytes))
    for case .image(let name, let range) in index.entries {
        precondition(range.upperBound <= bytes.count && !name.hasPrefix("/"))
    }
}

/// Each row of a batch of embeddings is within the body, and so is the line about it.
private func readEmbeddings(_ bytes: [UInt8]) throws {
    let index = try BatchIndex(tensors: .bytes(bytes))
    guard let table = index.table else { preconditionFailure("no table") }
    for case .row(let row, let line) in index.entries {
        precondition(try table.embedding(row, in: .bytes(bytes)).count == table.dimensions)
        if let line { _ = try? ManifestItem(line: Array(bytes[line.range]), style: .rows) }
    }
}

/// A line means the same to the fast reader as to the general one, which a line feed before it makes read it.
private func readManifest(_ bytes: [UInt8]) throws {
    for case .line(let line) in try BatchIndex(lines: .bytes(bytes)).entries {
        for style in [ManifestItem.Style.named, .inline, .rows] {
            let item = try? ManifestItem(line: Array(bytes[line.range]), style: style)
            precondition(item == (try? ManifestItem(line: [0x0A] + bytes[line.range], style: style)))
        }
    }
}

/// The bytes as the EXIF data of a JPEG and of a PNG, which must say the same.
private func readEXIF(_ bytes: [UInt8]) {
    let data = Array(bytes.prefix(60_000))
    let segment = Array("Exif\0\0".utf8) + data
    let length = segment.count + 2
    let jpeg = [0xFF, 0xD8, 0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + segment + [0xFF, 0xD9]
    let size = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: data.count >> $0) }
    let png = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + size + Array("eXIf".utf8) + data + [0, 0, 0, 0]
    precondition(captureTime(jpeg) == captureTime(png) && orientation(of: jpeg) == orientation(of: png))
}

/// An image that is decoded has the size that its header announced, also if it is reduced.
private func readImage(_ bytes: [UInt8], _ format: ImageFormat) throws {
    var limits = ImageLimits()
    limits.pixels = 1 << 16
    let header = try ImageHeader(bytes, limits: limits, formats: [format])
    let image = try decodeImage(bytes, limits: limits, formats: [format])
    precondition((image.width, image.height) == (header.width, header.height))
    let reduced = try decodeImage(bytes, limits: limits, formats: [format], covering: (width: 4, height: 8))
    precondition(reduced.width <= image.width && reduced.height <= image.height)
}

/// The PNG with the right checksum on each of its chunks: without it, a reader refuses a changed chunk before it looks at
/// what is in it.
private func withChecksums(_ bytes: [UInt8]) -> [UInt8] {
    var png = bytes
    var start = 8
    while start + 12 <= png.count {
        let length = png[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
        let end = start + 8 + length
        guard end + 4 <= png.count else { break }
        let sum = unsafe png[start + 4..<end].withUnsafeBytes { unsafe PyTorchArchive.checksum($0) }
        for place in 0..<4 { png[end + place] = UInt8(truncatingIfNeeded: sum >> (24 - 8 * place)) }
        start = end + 4
    }
    return png
}
