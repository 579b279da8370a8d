/// One range of bytes that a client asks for with `Range` (RFC 9110, section 14).
enum ByteRange: Equatable {
    /// These bytes.
    case part(Range<Int>)
    /// Bytes that the content does not have.
    case unsatisfiable

    /// Reads the field's value for content of `size` bytes.
    ///
    /// Nil, which means that all of the content is sent: there is no field, it is malformed, its unit is not bytes, or it has
    /// several ranges.
    init?(_ field: String?, size: Int) {
        guard let field, let equals = field.firstIndex(of: "="), field[..<equals].lowercased() == "bytes" else {
            return nil
        }
        let spec = field[field.index(after: equals)...].utf8.drop { $0 == 0x20 || $0 == 0x09 }
        let text = String(decoding: spec, as: UTF8.self)
        guard let dash = text.firstIndex(of: "-") else { return nil }
        let (first, last) = (text[..<dash], text[text.index(after: dash)...].trimmingTrailingSpace())
        guard (first + last).utf8.allSatisfy({ (0x30...0x39).contains($0) }), !first.isEmpty || !last.isEmpty else {
            return nil
        }
        // A number that is too large for an Int is beyond any content.
        let (start, end) = (Int(first) ?? .max, Int(last) ?? .max)
        if first.isEmpty {
            guard end > 0 else {
                self = .unsatisfiable
                return
            }
            // Content without bytes has no range that could be named in an answer.
            guard size > 0 else { return nil }
            self = .part(max(0, size - end)..<size)
            return
        }
        guard last.isEmpty || !isLess(last, than: first) else { return nil }
        guard start < size else {
            self = .unsatisfiable
            return
        }
        self = .part(start..<(last.isEmpty ? size : min(size - 1, end) + 1))
    }
}

extension Substring {
    /// The text without the spaces at its end.
    fileprivate func trimmingTrailingSpace() -> Substring {
        var text = self
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }
}

/// Whether one decimal number of any length is less than another.
private func isLess(_ left: Substring, than right: Substring) -> Bool {
    let (left, right) = (left.drop { $0 == "0" }, right.drop { $0 == "0" })
    return left.count == right.count ? left < right : left.count < right.count
}
