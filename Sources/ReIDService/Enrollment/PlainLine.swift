/// The members of a line that is written in the plain way, read in one pass.
///
/// Most lines are: an object of texts without escapes, and perhaps an array of numbers. A general JSON reader takes a
/// hundred times as long for them. A line that is written in another way, or has anything wrong, is not a plain line;
/// the general reader then reads it or says what is wrong. So both give the same for every line that this one reads.
struct PlainLine: Sendable, Equatable {
    /// The texts, by name; a member that is null is absent.
    private(set) var texts: [String: String] = [:]
    /// The member `embedding`.
    private(set) var embedding: [Float]?

    /// Reads a line; nil unless it is plain: each member is known and occurs once, no text has an escape, and each number
    /// is one that `nearestFloat` reads.
    ///
    /// - Parameters:
    ///   - line: The line, without its line feed.
    ///   - names: The members that are texts.
    ///   - takesEmbedding: Whether `embedding` may be a member, too.
    init?(_ line: [UInt8], names: [String], takesEmbedding: Bool) {
        var reader = Reader(line: line)
        guard reader.take("{") else { return nil }
        var seen: Set<String> = []
        repeat {
            guard let name = reader.text(), seen.insert(name).inserted, reader.take(":") else { return nil }
            if name == "embedding", takesEmbedding {
                guard let numbers = reader.numbers() else { return nil }
                embedding = numbers
            } else {
                guard names.contains(name) else { return nil }
                if !reader.takeNull() {
                    guard let text = reader.text() else { return nil }
                    texts[name] = text
                }
            }
        } while reader.take(",")
        guard reader.take("}"), reader.isAtEnd else { return nil }
    }

    /// A line and the place where reading goes on.
    private struct Reader {
        let line: [UInt8]
        private var position = 0

        init(line: [UInt8]) { self.line = line }

        /// Whether only spaces are left.
        var isAtEnd: Bool { line[position...].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D || $0 == 0x0A } }

        private mutating func skipSpaces() {
            while position < line.count, line[position] == 0x20 || line[position] == 0x09 { position += 1 }
        }

        /// Moves behind a sign and the spaces before it, if it comes next.
        mutating func take(_ sign: Unicode.Scalar) -> Bool {
            skipSpaces()
            guard position < line.count, line[position] == UInt8(ascii: sign) else { return false }
            position += 1
            return true
        }

        mutating func takeNull() -> Bool {
            skipSpaces()
            guard line[position...].starts(with: "null".utf8) else { return false }
            position += 4
            return true
        }

        /// A text without escapes and control characters, in UTF-8.
        mutating func text() -> String? {
            guard take("\"") else { return nil }
            let start = position
            while position < line.count, line[position] != UInt8(ascii: "\"") {
                guard line[position] >= 0x20, line[position] != UInt8(ascii: "\\") else { return nil }
                position += 1
            }
            guard position < line.count else { return nil }
            defer { position += 1 }
            return String(validating: line[start..<position], as: UTF8.self)
        }

        /// An array of at least one number.
        mutating func numbers() -> [Float]? {
            guard take("[") else { return nil }
            let line = line
            let bytes = line.span
            var values: [Float] = []
            values.reserveCapacity((line.count - position) / 8)
            repeat {
                skipSpaces()
                guard let value = nearestFloat(in: bytes, at: &position) else { return nil }
                values.append(value)
            } while take(",")
            return take("]") ? values : nil
        }
    }
}
