/// One 512-byte header of a tar archive: v7, ustar, pax or GNU.
struct TarHeader: Equatable {
    /// The kind of member, from the type flag.
    enum Kind: Equatable {
        case file, folder
        /// A pax header, for the next member or for all that follow.
        case pax(global: Bool)
        /// A GNU header whose data is the next member's name.
        case longName
        /// A GNU header whose data is the next member's link target; it is ignored.
        case longLink
        case sparse
        /// A kind that is refused, with its name for the message.
        case unsupported(String)
    }

    static let bytes = 512

    let name: [UInt8]
    let size: Int
    let kind: Kind

    /// Reads the header found at `offset`; `block` has 512 bytes that are not all zero.
    init(_ block: [UInt8], offset: Int) throws(ContainerError) {
        precondition(block.count == Self.bytes, "a tar header has 512 bytes, not \(block.count)")
        guard Self.checksumMatches(block) else { throw .badChecksum(offset: offset) }
        guard let size = Self.number(block[124..<136]) else { throw .malformedHeader(field: "size", offset: offset) }
        var name = Self.text(block[0..<100])
        // Only the "ustar\0" of POSIX has a prefix here; GNU's "ustar  \0" has times, v7 has nothing.
        if Array(block[257..<263]) == Array("ustar\0".utf8) {
            let prefix = Self.text(block[345..<500])
            if !prefix.isEmpty { name = prefix + [0x2F] + name }
        }
        self.name = name
        self.size = size
        kind = Self.kind(flag: block[156], name: name)
    }

    private static func kind(flag: UInt8, name: [UInt8]) -> Kind {
        switch flag {
        // Before POSIX, a folder was a file whose name ends in a slash.
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): name.last == 0x2F ? .folder : .file
        case UInt8(ascii: "1"): .unsupported("hard link")
        case UInt8(ascii: "2"): .unsupported("symbolic link")
        case UInt8(ascii: "3"): .unsupported("character device")
        case UInt8(ascii: "4"): .unsupported("block device")
        case UInt8(ascii: "5"): .folder
        case UInt8(ascii: "6"): .unsupported("named pipe")
        case UInt8(ascii: "x"): .pax(global: false)
        case UInt8(ascii: "g"): .pax(global: true)
        case UInt8(ascii: "L"): .longName
        case UInt8(ascii: "K"): .longLink
        case UInt8(ascii: "S"): .sparse
        default: .unsupported("member of type 0x" + String(flag, radix: 16))
        }
    }

    /// Whether the sum of all bytes is the stored one; the bytes of the sum itself count as spaces.
    ///
    /// Some old programs summed signed bytes, so either sum is accepted.
    private static func checksumMatches(_ block: [UInt8]) -> Bool {
        guard let stored = number(block[148..<156]) else { return false }
        var unsigned = 0
        var signed = 0
        for (index, byte) in block.enumerated() {
            let value = 148..<156 ~= index ? 0x20 : byte
            unsigned += Int(value)
            signed += Int(Int8(bitPattern: value))
        }
        return stored == unsigned || stored == signed
    }

    /// The bytes before the first zero.
    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// A number in octal digits, or GNU's big-endian binary with the top bit set; nil if neither or negative.
    static func number(_ field: ArraySlice<UInt8>) -> Int? {
        guard let first = field.first else { return nil }
        if first == 0x80 {
            var value = 0
            for byte in field.dropFirst() {
                guard value < 1 << 54 else { return nil }
                value = value << 8 | Int(byte)
            }
            return value
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        let rest = field[digits.endIndex...]
        guard rest.allSatisfy({ $0 == 0x20 || $0 == 0 }) else { return nil }
        var value = 0
        for digit in digits {
            guard 0x30...0x37 ~= digit, value < 1 << 59 else { return nil }
            value = value << 3 | Int(digit - 0x30)
        }
        return value
    }
}

/// The values of pax records that matter here.
struct PaxRecords: Equatable {
    var path: [UInt8]?
    var size: Int?
    var isSparse = false

    /// Reads records `"<length> <key>=<value>\n"`, the length counting itself.
    mutating func read(_ data: [UInt8], offset: Int) throws(ContainerError) {
        let malformed = ContainerError.malformedHeader(field: "pax record", offset: offset)
        var rest = data[...]
        while !rest.isEmpty {
            let digits = rest.prefix { 0x30...0x39 ~= $0 }
            guard 1...8 ~= digits.count, let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 2, length <= rest.count, rest[digits.endIndex] == 0x20
            else { throw malformed }
            let record = rest.prefix(length)
            guard record.last == 0x0A, let equals = record.firstIndex(of: 0x3D) else { throw malformed }
            let key = String(decoding: record[(digits.endIndex + 1)..<equals], as: UTF8.self)
            let value = record[(equals + 1)..<(record.endIndex - 1)]
            switch key {
            case "path":
                guard !value.contains(0) else { throw malformed }
                path = value.isEmpty ? nil : Array(value)
            case "size":
                let text = String(decoding: value, as: UTF8.self)
                guard value.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int(text), number < 1 << 60
                else { throw malformed }
                size = number
            default:
                if key.hasPrefix("GNU.sparse.") { isSparse = true }
            }
            rest = rest.dropFirst(length)
        }
    }
}
