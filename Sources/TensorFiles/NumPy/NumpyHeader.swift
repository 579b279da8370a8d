/// The dictionary at the head of a .npy file.
struct NumpyHeader: Equatable {
    let shape: [Int]
    let isFortranOrder: Bool
    let elementBytes: Int

    /// Parses the header's text: the three keys, each once, then spaces and a newline.
    init(_ text: [UInt8]) throws(NumpyError) {
        var reader = Reader(text: text)
        var type: String?
        var order: Bool?
        var shape: [Int]?
        try reader.expect("{")
        while !reader.take("}") {
            let key = try reader.string()
            try reader.expect(":")
            switch key {
            case "descr" where type == nil: type = try reader.string()
            case "fortran_order" where order == nil: order = try reader.boolean()
            case "shape" where shape == nil: shape = try reader.tuple()
            default: throw reader.malformed("unexpected key '\(key)'")
            }
            guard reader.take(",") else {
                try reader.expect("}")
                break
            }
        }
        try reader.expectEnd()
        guard let type, let order, let shape else { throw reader.malformed("a key is missing") }
        switch type {
        case "<f4": elementBytes = 4
        case "<f8": elementBytes = 8
        default: throw .unsupportedType(type)
        }
        self.shape = shape
        isFortranOrder = order
    }

    /// The number of elements, if they take exactly `dataBytes`.
    func check(dataBytes: Int) throws(NumpyError) -> Int {
        var bytes = elementBytes
        var overflows = false
        for size in shape where !overflows { (bytes, overflows) = bytes.multipliedReportingOverflow(by: size) }
        // A product that overflowed before a zero is still zero.
        if shape.contains(0) { (bytes, overflows) = (0, false) }
        guard !overflows, bytes == dataBytes else {
            throw .wrongSize(shape: shape, expectedBytes: overflows ? .max : bytes, foundBytes: dataBytes)
        }
        return bytes / elementBytes
    }

    /// Column-major elements in row-major order.
    func rowMajor(_ elements: [Float]) -> [Float] {
        var strides: [Int] = []
        var stride = 1
        for size in shape {
            strides.append(stride)
            stride *= size
        }
        var position = shape.map { _ in 0 }
        var source = 0
        return elements.indices.map { _ in
            let value = elements[source]
            for axis in shape.indices.reversed() {
                position[axis] += 1
                source += strides[axis]
                if position[axis] < shape[axis] { break }
                source -= strides[axis] * shape[axis]
                position[axis] = 0
            }
            return value
        }
    }

    /// Reads Python literals, skipping spaces before each.
    private struct Reader {
        let text: [UInt8]
        var offset = 0

        init(text: [UInt8]) {
            self.text = text
        }

        func malformed(_ reason: String) -> NumpyError { .malformedHeader(reason: reason, offset: offset) }

        private mutating func skipSpaces() {
            while offset < text.count, text[offset] == UInt8(ascii: " ") { offset += 1 }
        }

        mutating func take(_ token: String) -> Bool {
            skipSpaces()
            guard text[offset...].starts(with: token.utf8) else { return false }
            offset += token.utf8.count
            return true
        }

        mutating func expect(_ token: String) throws(NumpyError) {
            guard take(token) else { throw malformed("expected '\(token)'") }
        }

        mutating func expectEnd() throws(NumpyError) {
            skipSpaces()
            guard offset == text.count || (text[offset] == UInt8(ascii: "\n") && offset == text.count - 1) else {
                throw malformed("text after the dictionary")
            }
        }

        mutating func string() throws(NumpyError) -> String {
            let quote = take("'") ? UInt8(ascii: "'") : UInt8(ascii: "\"")
            if quote == UInt8(ascii: "\"") { try expect("\"") }
            guard let end = text[offset...].firstIndex(of: quote) else { throw malformed("a string has no end") }
            let bytes = text[offset..<end]
            guard bytes.allSatisfy({ (0x20..<0x7f).contains($0) && $0 != UInt8(ascii: "\\") }) else {
                throw malformed("a string has characters that are not plain")
            }
            offset = end + 1
            return String(decoding: bytes, as: UTF8.self)
        }

        mutating func boolean() throws(NumpyError) -> Bool {
            if take("True") { return true }
            try expect("False")
            return false
        }

        mutating func tuple() throws(NumpyError) -> [Int] {
            try expect("(")
            var sizes: [Int] = []
            while !take(")") {
                sizes.append(try number())
                guard take(",") else {
                    guard sizes.count > 1 else { throw malformed("a tuple of one needs a comma") }
                    try expect(")")
                    break
                }
            }
            guard sizes.count <= 32 else { throw malformed("\(sizes.count) dimensions") }
            return sizes
        }

        private mutating func number() throws(NumpyError) -> Int {
            skipSpaces()
            let digits = text[offset...].prefix { (0x30...0x39).contains($0) }
            guard let value = Int(String(decoding: digits, as: UTF8.self)) else { throw malformed("expected a size") }
            offset += digits.count
            return value
        }
    }
}
