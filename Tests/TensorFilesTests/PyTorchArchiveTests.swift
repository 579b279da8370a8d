import Testing

@testable import TensorFiles

/// Writes zip archives, including invalid ones.
private struct ZipBuilder {
    var bytes: [UInt8] = []
    var directory: [UInt8] = []
    var count = 0
    /// Whether sizes, places and the end record use their 64-bit forms.
    var isWide = false

    mutating func add(
        _ name: String, _ data: [UInt8], method: Int = 0, flags: Int = 0, localName: String? = nil,
        at place: Int? = nil,
        size: Int? = nil, hasWideSizes: Bool = true
    ) {
        let start = place ?? bytes.count
        let number = PyTorchFixtures.number
        if place == nil {
            let local = localName ?? name
            bytes += number(0x0403_4B50, 4)
            bytes += number(0, 22)
            bytes += number(local.utf8.count, 2)
            bytes += [2, 0]
            bytes += local.utf8
            bytes += [9, 9]
            bytes += data
        }
        let size = size ?? data.count
        let shown = isWide ? 0xFFFF_FFFF : size
        let sizes = [size, size, start].flatMap { number($0, 8) }
        let extra = isWide && hasWideSizes ? [7, 0, 1, 0, 9] + number(1, 2) + number(24, 2) + sizes : []
        directory += number(0x0201_4B50, 4) + number(0, 4) + number(flags, 2) + number(method, 2) + number(0, 8)
        directory += number(shown, 4) + number(shown, 4) + number(name.utf8.count, 2) + number(extra.count, 2)
        directory += number(0, 10) + number(isWide ? 0xFFFF_FFFF : start, 4) + name.utf8 + extra
        count += 1
    }

    /// The archive, with a comment after it.
    func finished(_ comment: String = "", count stated: Int? = nil, size: Int? = nil) -> [UInt8] {
        let number = PyTorchFixtures.number
        let (stated, size) = (stated ?? count, size ?? directory.count)
        var tail: [UInt8] = []
        if isWide {
            tail += number(0x0606_4B50, 4) + number(44, 8) + number(0, 20) + number(stated, 8) + number(size, 8)
            tail += number(bytes.count, 8)
            tail += number(0x0706_4B50, 4) + number(0, 4) + number(bytes.count + directory.count, 8) + number(1, 4)
        }
        tail += number(0x0605_4B50, 4) + number(0, 4) + number(isWide ? 0xFFFF : stated, 2)
        tail += number(isWide ? 0xFFFF : stated, 2) + number(isWide ? 0xFFFF_FFFF : size, 4)
        tail += number(isWide ? 0xFFFF_FFFF : bytes.count, 4) + number(comment.utf8.count, 2) + comment.utf8
        return bytes + directory + tail
    }
}

@Suite struct PyTorchArchiveTests {
    private static let pickle = PyTorchFixtures.stateDict(count: 2, shape: [2], strides: [1])
    private static let data: [UInt8] = [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0]

    private static func archive(isWide: Bool = false, folder: String = "x/") -> ZipBuilder {
        var zip = ZipBuilder(isWide: isWide)
        zip.add("\(folder)data.pkl", pickle)
        zip.add("\(folder)data/0", data)
        return zip
    }

    @Test(arguments: [false, true], ["x/", "any name/", ""])
    func `archives of both sizes, under any folder and with a comment, are read`(isWide: Bool, folder: String) throws {
        for comment in ["", "a comment"] {
            let file = Self.archive(isWide: isWide, folder: folder).finished(comment)
            #expect(try PyTorchFixtures.refusal(file) == nil)
        }
    }

    @Test func `a wide archive cut anywhere is refused`() throws {
        let file = Self.archive(isWide: true).finished()
        for length in file.indices {
            #expect(try PyTorchFixtures.refusal(Array(file[..<length])) != nil, "cut at \(length)")
        }
    }

    @Test func `entries that PyTorch would not write are refused by name`() throws {
        func refusal(_ change: (inout ZipBuilder) -> Void) throws -> PyTorchError? {
            var zip = Self.archive()
            change(&zip)
            return try PyTorchFixtures.refusal(zip.finished())
        }
        #expect(
            try refusal { $0.add("x/y", [], method: 8) }
                == .unsupportedEntry(name: "x/y", reason: "it is compressed (method 8)"))
        #expect(
            try refusal { $0.add("x/y", [], flags: 1) } == .unsupportedEntry(name: "x/y", reason: "it is encrypted"))
        #expect(
            try refusal { $0.add("x/data/0", []) }
                == .unsupportedEntry(name: "x/data/0", reason: "the name occurs twice"))
        #expect(try refusal { $0.add("y/data.pkl", []) } == .missingEntry(name: "data.pkl"))
    }

    @Test func `entries that overlap are refused`() throws {
        var zip = ZipBuilder()
        zip.add("x/data.pkl", Self.pickle)
        // A whole entry, with its header, inside another entry.
        var inner = ZipBuilder()
        inner.add("x/data/0", Self.data)
        let outer = zip.bytes.count
        zip.add("x/data/1", inner.bytes)
        zip.add("x/data/0", [], at: outer + 30 + 8 + 2, size: 8)
        #expect(
            try PyTorchFixtures.refusal(zip.finished())
                == .unsupportedEntry(name: "x/data/0", reason: "it overlaps another"))
    }

    @Test func `places and sizes beyond the file are refused`() throws {
        func refuses(isWide: Bool = false, count: Int? = nil, size: Int? = nil, _ change: (inout ZipBuilder) -> Void)
            throws
        {
            var zip = Self.archive(isWide: isWide)
            change(&zip)
            let refusal = try PyTorchFixtures.refusal(zip.finished(count: count, size: size))
            switch refusal {
            case .malformedArchive, .tooLarge: break
            default: Issue.record("\(String(describing: refusal))")
            }
        }
        try refuses { $0.add("x/y", [], at: 0x7FFF_FFFF) }
        try refuses { $0.add("x/y", [], size: 0x7FFF_FFFF) }
        try refuses { $0.add("x/y", [], localName: "x/z") }
        try refuses { $0.add("x/y", [], at: 1) }
        try refuses { $0.add("x/y", [], at: 5000) }
        for huge in [Int.max, Int.max - 30, -1] {
            try refuses(isWide: true) { $0.add("x/y", [], at: huge) }
            try refuses(isWide: true) { $0.add("x/y", [], size: huge) }
            try refuses(isWide: true, count: huge) { _ in }
            try refuses(isWide: true, size: huge) { _ in }
        }
        try refuses(isWide: true) { $0.add("x/y", [], hasWideSizes: false) }
        try refuses(count: 3) { _ in }
        try refuses(count: 1) { _ in }
        try refuses(size: 10) { _ in }
    }

    @Test func `a storage that the archive lacks or has in another size is named`() throws {
        var zip = ZipBuilder()
        zip.add("x/data.pkl", Self.pickle)
        #expect(try PyTorchFixtures.refusal(zip.finished()) == .missingStorage(tensor: "w", key: "0"))
        zip.add("x/data/0", Array(Self.data.dropLast()))
        #expect(
            try PyTorchFixtures.refusal(zip.finished())
                == .wrongStorageSize(key: "0", expectedBytes: 8, foundBytes: 7))
    }
}
