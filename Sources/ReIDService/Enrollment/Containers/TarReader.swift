internal import HTTP

/// A regular file in a tar archive.
struct TarMember: Sendable, Equatable {
    /// The path within the archive, without "." and doubled slashes.
    let name: String
    /// The offset of its header.
    let header: Int
    /// The place of its bytes in the archive.
    let range: Range<Int>
}

/// Lists the members of a tar archive; reads only their headers.
///
/// Understands v7, ustar, pax (`path`, `size`) and GNU long names. Folders are skipped. Links, devices, sparse members,
/// and names that are absolute or have ".." are errors, and so is an archive without its end marker.
struct TarReader {
    private let source: ByteSource
    private var offset = 0
    private var global = PaxRecords()
    private var isAtEnd = false

    /// Starts at the beginning of `source`.
    init(_ source: ByteSource) { self.source = source }

    /// The next regular file, or nil after the last one.
    mutating func next() throws(ContainerError) -> TarMember? {
        var local = PaxRecords()
        while !isAtEnd {
            let start = offset
            let block = try source.read(at: start, count: TarHeader.bytes)
            guard block.count == TarHeader.bytes else { throw .truncated(member: "the archive", offset: start) }
            guard block.contains(where: { $0 != 0 }) else {
                guard local == PaxRecords() else { throw .truncated(member: "the archive", offset: start) }
                try finish(after: start + TarHeader.bytes)
                return nil
            }
            let header = try TarHeader(block, offset: start)
            offset = start + TarHeader.bytes
            switch header.kind {
            case .pax(global: true):
                try global.read(try extended(header, at: start), offset: start)
            case .pax(global: false):
                try local.read(try extended(header, at: start), offset: start)
            case .longName:
                local.path = Array(try extended(header, at: start).prefix { $0 != 0 })
            case .longLink:
                _ = try extended(header, at: start)
            case .file, .folder, .sparse, .unsupported:
                let size = local.size ?? global.size ?? header.size
                let path = local.path ?? global.path ?? header.name
                if let member = try member(header.kind, path: path, size: size, start: start, local: local) {
                    return member
                }
                local = PaxRecords()
            }
        }
        return nil
    }

    /// Checks a member and moves past its data; nil for a folder.
    private mutating func member(
        _ kind: TarHeader.Kind, path: [UInt8], size: Int, start: Int, local: PaxRecords
    ) throws(ContainerError) -> TarMember? {
        let shown = String(decoding: path.prefix(IngestionLimits.nameBytes), as: UTF8.self)
        let name = memberName(path)
        switch kind {
        case .unsupported(let word): throw .unsupportedMember(name: shown, kind: word, offset: start)
        case .sparse: throw .sparseMember(name: shown, offset: start)
        case .file, .folder, .pax, .longName, .longLink: break
        }
        guard !local.isSparse, !global.isSparse else { throw .sparseMember(name: shown, offset: start) }
        // The name "./" is the folder that was packed; a file must have another name.
        guard let name, kind == .folder || !name.isEmpty else { throw .unsafeName(name: shown, offset: start) }
        let range = try take(kind == .folder ? 0 : size, of: "\"\(excerpt(shown))\"", at: start)
        return kind == .folder ? nil : TarMember(name: name, header: start, range: range)
    }

    /// The data of a pax or GNU header.
    private mutating func extended(_ header: TarHeader, at start: Int) throws(ContainerError) -> [UInt8] {
        guard header.size <= IngestionLimits.extendedHeaderBytes else {
            throw .malformedHeader(field: "extended header's size", offset: start)
        }
        return try source.read(take(header.size, of: "an extended header", at: start))
    }

    /// Moves past `size` bytes of data and their padding; returns their place.
    private mutating func take(_ size: Int, of member: String, at start: Int) throws(ContainerError) -> Range<Int> {
        guard size <= source.count - offset else { throw .truncated(member: member, offset: start) }
        let range = offset..<(offset + size)
        offset = (range.upperBound + TarHeader.bytes - 1) / TarHeader.bytes * TarHeader.bytes
        return range
    }

    /// Checks that only zeros follow the end marker.
    private mutating func finish(after end: Int) throws(ContainerError) {
        isAtEnd = true
        var offset = end
        while offset < source.count {
            let bytes = try source.read(at: offset, count: 1 << 16)
            if let index = bytes.firstIndex(where: { $0 != 0 }) { throw .trailingData(offset: offset + index) }
            guard !bytes.isEmpty else { return }
            offset += bytes.count
        }
    }
}

/// A member's path without "." and doubled slashes; nil if it is absolute, has "..", is too long or is not UTF-8.
///
/// The result is empty for "./", the folder that was packed.
package func memberName(_ path: [UInt8]) -> String? {
    guard !path.isEmpty, path[0] != 0x2F, path.count <= IngestionLimits.nameBytes,
        let text = String(validating: path, as: UTF8.self)
    else { return nil }
    let parts = text.split(separator: "/").filter { $0 != "." }
    guard !parts.contains("..") else { return nil }
    return parts.joined(separator: "/")
}
