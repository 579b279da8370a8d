/// Reads data elements of a MATLAB 5 file: a type, a number of bytes, the bytes, and padding to a multiple of eight
/// bytes.
struct MATLABReader {
    /// One data element: its type and the place of its bytes.
    struct Element {
        let type: Int
        let data: Range<Int>
        /// Where the next element begins.
        let end: Int
    }

    /// The format's numbers for the types of elements.
    private enum Code {
        static let int8 = 1
        static let int32 = 5
        static let uint32 = 6
        static let matrix = 14
        static let compressed = 15
        static let utf8 = 16
        static let utf32 = 18
        /// Bytes of each number or character.
        static let widths = [1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8, 16: 1, 17: 2, 18: 4]
    }

    /// How deep cell arrays may be nested.
    private static let maximumDepth = 16

    private let bytes: [UInt8]
    private let isBigEndian: Bool

    init(_ bytes: [UInt8], isBigEndian: Bool) {
        self.bytes = bytes
        self.isBigEndian = isBigEndian
    }

    /// The unsigned number at `position`, which must lie within the file.
    func number(at position: Int, bytes count: Int) -> UInt64 {
        let slice = bytes[position..<position + count]
        return isBigEndian
            ? slice.reduce(0) { $0 << 8 | UInt64($1) } : slice.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The element that begins at `position`.
    func element(at position: Int, before limit: Int) throws(MATLABError) -> Element {
        guard limit - position >= 8 else { throw .malformed(reason: "an element without its tag", offset: position) }
        let word = Int(number(at: position, bytes: 4))
        if word >> 16 != 0 {
            // An element of up to four bytes may be stored in its tag.
            guard word >> 16 <= 4 else { throw .malformed(reason: "a tag's element over 4 bytes", offset: position) }
            return Element(
                type: word & 0xFFFF, data: position + 4..<position + 4 + word >> 16, end: position + 8)
        }
        let count = Int(number(at: position + 4, bytes: 4))
        let start = position + 8
        guard count <= limit - start else {
            throw .malformed(reason: "an element of \(count) bytes, where \(limit - start) follow", offset: position)
        }
        let padded = word == Code.compressed ? count : (count + 7) / 8 * 8
        return Element(type: word, data: start..<start + count, end: min(start + padded, limit))
    }

    /// The variable in an element of the file's top level.
    func variable(_ element: Element, at position: Int) throws(MATLABError) -> (name: String, value: MATLABValue) {
        switch element.type {
        case Code.matrix: return try matrix(element.data, depth: 0)
        case Code.compressed:
            guard let expanded = try expand(element.data) else { throw .damagedCompression(offset: position) }
            let reader = MATLABReader(expanded, isBigEndian: isBigEndian)
            let inner = try reader.element(at: 0, before: expanded.count)
            guard inner.type == Code.matrix else { return ("", .unsupported(kind: "element \(inner.type)")) }
            return try reader.matrix(inner.data, depth: 0)
        default: return ("", .unsupported(kind: "element \(element.type)"))
        }
    }

    /// The element inside a compressed element; the inner element's tag says how many bytes it has.
    private func expand(_ range: Range<Int>) throws(MATLABError) -> [UInt8]? {
        guard let tag = inflate(bytes[range], count: 8, isAll: false) else { return nil }
        let announced = Int(MATLABReader(tag, isBigEndian: isBigEndian).number(at: 4, bytes: 4))
        guard announced <= MATLABFile.maximumExpandedBytes else {
            throw .tooLarge(what: "a compressed element", count: announced, limit: MATLABFile.maximumExpandedBytes)
        }
        // Deflate cannot shrink anything to less than about a thousandth, so a larger announcement is false.
        guard announced <= 1100 * range.count else { return nil }
        return inflate(bytes[range], count: 8 + announced, isAll: true)
    }

    private func matrix(_ range: Range<Int>, depth: Int) throws(MATLABError) -> (name: String, value: MATLABValue) {
        guard !range.isEmpty else { return ("", .numbers(shape: [0, 0], elements: [])) }
        func fail(_ reason: String) -> MATLABError { .malformed(reason: reason, offset: range.lowerBound) }
        let flags = try element(at: range.lowerBound, before: range.upperBound)
        guard flags.type == Code.uint32, flags.data.count == 8 else { throw fail("an array without flags") }
        let word = Int(number(at: flags.data.lowerBound, bytes: 4))
        let (kind, isComplex) = (word & 0xFF, word & 0x800 != 0)
        let dimensions = try element(at: flags.end, before: range.upperBound)
        // Opaque objects have no dimensions.
        guard dimensions.type == Code.int32 else { return ("", .unsupported(kind: "class \(kind)")) }
        let shape = try numbers(dimensions).map { Int($0) }
        let count = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
        guard shape.count >= 2, shape.allSatisfy({ 0...Int(Int32.max) ~= $0 }),
            shape.contains(0) || (1...range.count ~= count && shape.allSatisfy { $0 <= range.count })
        else { throw fail("an array of \(shape) in \(range.count) bytes") }
        let label = try element(at: dimensions.end, before: range.upperBound)
        guard label.type == Code.int8 else { throw fail("an array without a name") }
        let name = String(decoding: bytes[label.data], as: UTF8.self)
        switch kind {
        case 1:
            guard depth < Self.maximumDepth else {
                throw .tooLarge(what: "cells within cells", count: depth + 1, limit: Self.maximumDepth)
            }
            var cells: [MATLABValue] = []
            var position = label.end
            for _ in 0..<count {
                let cell = try element(at: position, before: range.upperBound)
                guard cell.type == Code.matrix else { throw fail("a cell that is not an array") }
                cells.append(try matrix(cell.data, depth: depth + 1).value)
                position = cell.end
            }
            return (name, .cells(shape: shape, elements: cells))
        case 4:
            return (name, .text(rows: try text(element(at: label.end, before: range.upperBound), shape)))
        case 6...15 where !isComplex:
            let elements = try numbers(element(at: label.end, before: range.upperBound))
            guard elements.count == count else { throw fail("\(elements.count) numbers for an array of \(shape)") }
            return (name, .numbers(shape: shape, elements: elements))
        default:
            return (name, .unsupported(kind: isComplex ? "complex numbers" : "class \(kind)"))
        }
    }

    private func numbers(_ element: Element) throws(MATLABError) -> [Double] {
        guard let width = Code.widths[element.type], element.type < Code.matrix,
            element.data.count.isMultiple(of: width)
        else {
            throw .malformed(
                reason: "\(element.data.count) bytes of type \(element.type) are not numbers",
                offset: element.data.lowerBound)
        }
        return stride(from: element.data.lowerBound, to: element.data.upperBound, by: width).map { position in
            let bits = number(at: position, bytes: width)
            return switch element.type {
            case 1: Double(Int8(truncatingIfNeeded: bits))
            case 3: Double(Int16(truncatingIfNeeded: bits))
            case 5: Double(Int32(truncatingIfNeeded: bits))
            case 12: Double(Int64(bitPattern: bits))
            case 7: Double(Float(bitPattern: UInt32(bits)))
            case 9: Double(bitPattern: bits)
            default: Double(bits)
            }
        }
    }

    /// The rows of a character array; the file stores its characters column by column.
    private func text(_ element: Element, _ shape: [Int]) throws(MATLABError) -> [String] {
        let units: [UInt16]
        switch element.type {
        case Code.utf8: units = Array(String(decoding: bytes[element.data], as: UTF8.self).utf16)
        case Code.utf32:
            units = try numbers(Element(type: Code.uint32, data: element.data, end: element.end)).flatMap {
                Array(String(Unicode.Scalar(UInt32($0)) ?? "\u{FFFD}").utf16)
            }
        default:
            let type = element.type == 17 ? 4 : element.type
            let values = try numbers(Element(type: type, data: element.data, end: element.end))
            guard values.allSatisfy({ 0...65_535 ~= $0 }) else {
                throw .malformed(reason: "characters out of range", offset: element.data.lowerBound)
            }
            units = values.map { UInt16($0) }
        }
        guard units.count == shape.reduce(1, *) else {
            throw .malformed(
                reason: "\(units.count) characters for an array of \(shape)", offset: element.data.lowerBound)
        }
        guard !units.isEmpty else { return [] }
        return (0..<shape[0]).map { row in
            String(decoding: stride(from: row, to: units.count, by: shape[0]).map { units[$0] }, as: UTF16.self)
        }
    }
}
