/// A strict parser of the one JSON shape that a safetensors header has.
///
/// A general JSON decoder silently keeps one of two equal keys, so it is not used here. A header is hostile input:
/// nothing recurses, and only numbers and strings that the format needs are accepted.
struct SafetensorsHeaderParser {
    /// Bytes a tensor's name may have.
    static let maximumNameBytes = 1024
    /// Dimensions a tensor may have.
    static let maximumDimensions = 16

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Parses the whole header; only spaces may follow the closing brace.
    mutating func parse() throws(SafetensorsError) -> (metadata: [String: String], entries: [SafetensorsEntry]) {
        var metadata: [String: String]?
        var entries: [SafetensorsEntry] = []
        var names: Set<String> = []
        var isFirst = true
        guard bytes.first == UInt8(ascii: "{") else { throw malformed("it must begin with {") }
        position = 1
        while try nextMember(isFirst: &isFirst) {
            let name = try key()
            guard name != "__metadata__" else {
                guard metadata == nil else { throw .duplicateName(name) }
                metadata = try stringMap()
                continue
            }
            guard !name.isEmpty, name.utf8.count <= Self.maximumNameBytes,
                name.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f })
            else { throw .invalidName(name) }
            guard names.insert(name).inserted else { throw .duplicateName(name) }
            entries.append(try entry(named: name))
        }
        skipSpace()
        guard position == bytes.count else { throw malformed("something follows the closing brace") }
        return (metadata ?? [:], entries)
    }

    /// Parses `{"dtype": …, "shape": […], "data_offsets": […]}`.
    private mutating func entry(named name: String) throws(SafetensorsError) -> SafetensorsEntry {
        var type: String?
        var shape: [Int]?
        var offsets: [Int]?
        var isFirst = true
        try expect("{")
        while try nextMember(isFirst: &isFirst) {
            switch try key() {
            case "dtype" where type == nil: type = try string()
            case "shape" where shape == nil: shape = try integers(atMost: Self.maximumDimensions)
            case "data_offsets" where offsets == nil: offsets = try integers(atMost: 2)
            case let field: throw malformed("unexpected field \"\(field)\" of tensor \"\(name)\"")
            }
        }
        guard let type, let shape, let offsets, offsets.count == 2 else {
            throw malformed("tensor \"\(name)\" needs dtype, shape and two data_offsets")
        }
        guard let elementType = SafetensorsType(rawValue: type) else { throw .unknownType(name: name, type: type) }
        return SafetensorsEntry(name: name, type: elementType, shape: shape, begin: offsets[0], end: offsets[1])
    }

    /// Parses an object whose values are strings.
    private mutating func stringMap() throws(SafetensorsError) -> [String: String] {
        var map: [String: String] = [:]
        var isFirst = true
        try expect("{")
        while try nextMember(isFirst: &isFirst) {
            let key = try key()
            guard map.updateValue(try string(), forKey: key) == nil else { throw .duplicateName(key) }
        }
        return map
    }

    /// Moves to the next member of an object; at the object's end, moves past it and returns false.
    private mutating func nextMember(isFirst: inout Bool) throws(SafetensorsError) -> Bool {
        skipSpace()
        if take("}") { return false }
        if !isFirst {
            try expect(",")
            skipSpace()
        }
        isFirst = false
        return true
    }

    private mutating func key() throws(SafetensorsError) -> String {
        let key = try string()
        try expect(":")
        return key
    }

    /// Parses an array of non-negative integers.
    private mutating func integers(atMost limit: Int) throws(SafetensorsError) -> [Int] {
        var values: [Int] = []
        try expect("[")
        skipSpace()
        if take("]") { return values }
        while true {
            skipSpace()
            let start = position
            var value = 0
            while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(Int(digit))
                guard !overflow, !carry else { throw malformed("a number is too large") }
                value = sum
                position += 1
            }
            guard position > start else { throw malformed("a non-negative integer is expected") }
            values.append(value)
            guard values.count <= limit else { throw malformed("more than \(limit) numbers") }
            skipSpace()
            if take("]") { return values }
            try expect(",")
        }
    }

    private mutating func string() throws(SafetensorsError) -> String {
        try expect("\"")
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let string = String(validating: text, as: UTF8.self) else { throw malformed("invalid UTF-8") }
                return string
            case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
            case 0..<0x20: throw malformed("a control character in a string")
            default: text.append(byte)
            }
        }
        throw malformed("a string does not end")
    }

    /// Parses what follows a backslash.
    private mutating func escape() throws(SafetensorsError) -> [UInt8] {
        guard position < bytes.count else { throw malformed("a string does not end") }
        position += 1
        switch bytes[position - 1] {
        case UInt8(ascii: "n"): return [0x0a]
        case UInt8(ascii: "r"): return [0x0d]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0c]
        case UInt8(ascii: "u"): return Array(String(Character(try scalar())).utf8)
        case let byte where "\"\\/".utf8.contains(byte): return [byte]
        default: throw malformed("an unknown escape in a string")
        }
    }

    /// Parses four hexadecimal digits, or two such groups of a surrogate pair.
    private mutating func scalar() throws(SafetensorsError) -> Unicode.Scalar {
        var value = try hexadecimal()
        if (0xd800..<0xdc00).contains(value), take("\\"), take("u") {
            let low = try hexadecimal()
            guard (0xdc00..<0xe000).contains(low) else { throw malformed("a lone surrogate") }
            value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
        }
        guard let scalar = Unicode.Scalar(value) else { throw malformed("a lone surrogate") }
        return scalar
    }

    private mutating func hexadecimal() throws(SafetensorsError) -> UInt32 {
        guard position + 4 <= bytes.count,
            let digits = String(validating: bytes[position..<position + 4], as: UTF8.self),
            digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }),
            let value = UInt32(digits, radix: 16)
        else { throw malformed("four hexadecimal digits are expected") }
        position += 4
        return value
    }

    private mutating func skipSpace() {
        while position < bytes.count, " \n\r\t".utf8.contains(bytes[position]) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(SafetensorsError) {
        skipSpace()
        guard take(character) else { throw malformed("\"\(character)\" is expected") }
    }

    private func malformed(_ reason: String) -> SafetensorsError {
        .malformedHeader(reason: reason, offset: position)
    }
}
