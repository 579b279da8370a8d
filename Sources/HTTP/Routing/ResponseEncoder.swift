import Glibc
import HTTPTypes
internal import Randomness

/// How the end of a reply is marked.
enum ReplyFraming: Equatable {
    /// There is no body by definition: 204, 304.
    case none
    case length(Int)
    case chunked
    /// By closing the connection, for HTTP/1.0.
    case close
}

/// What a reply's head contains in addition to the handler's fields.
struct ReplyHead {
    let id: String
    let framing: ReplyFraming
    /// The value of `Connection`; nil if the field is not needed.
    let connection: String?
}

/// The interim reply that lets a client send its body; without `Expect`, clients skip it.
let continueReply = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

/// Writes a reply's head.
func encodeHead(_ response: ServerResponse, _ head: ReplyHead, date: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    bytes += "HTTP/1.1 ".utf8
    bytes += String(response.status.code).utf8
    bytes.append(UInt8(ascii: " "))
    bytes += response.status.reasonPhrase.utf8
    bytes += "\r\nDate: ".utf8
    bytes += date
    bytes += "\r\nX-Request-Id: ".utf8
    bytes += head.id.utf8
    for (name, line) in fieldsOfEveryReply where response.fields[name] == nil { bytes += line }
    switch head.framing {
    case .none, .close: break
    case .length(let count):
        bytes += "\r\nContent-Length: ".utf8
        bytes += String(count).utf8
    case .chunked: bytes += "\r\nTransfer-Encoding: chunked".utf8
    }
    if let connection = head.connection {
        bytes += "\r\nConnection: ".utf8
        bytes += connection.utf8
    }
    for field in response.fields where !isServersOwn(field.name) {
        bytes += "\r\n".utf8
        bytes += field.name.rawName.utf8
        bytes += ": ".utf8
        unsafe field.withUnsafeBytesOfValue { value in unsafe bytes.append(contentsOf: value) }
    }
    bytes += "\r\n\r\n".utf8
    return bytes
}

/// The fields of every reply that has no other value for them: browsers do not guess another media type, and do not load
/// the reply into pages of other sites.
private let fieldsOfEveryReply: [(name: HTTPField.Name, line: [UInt8])] = [
    (.xContentTypeOptions, Array("\r\nX-Content-Type-Options: nosniff".utf8)),
    (.crossOriginResourcePolicy, Array("\r\nCross-Origin-Resource-Policy: same-origin".utf8)),
]

/// Whether only the server may write a field.
private func isServersOwn(_ name: HTTPField.Name) -> Bool {
    switch name.canonicalName {
    case "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer", "te", "date",
        "x-request-id":
        true
    default: false
    }
}

/// The value of `Date`; made once per second.
struct DateClock {
    private var second = time_t.min
    private var text: [UInt8] = []

    /// The current time in the format of RFC 9110, section 5.6.7.
    mutating func now() -> [UInt8] {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME_COARSE, &time)
        if time.tv_sec != second {
            second = time.tv_sec
            text = Array(Self.format(second).utf8)
        }
        return text
    }

    static func format(_ second: time_t) -> String {
        var second = second
        var parts = unsafe tm()
        unsafe gmtime_r(&second, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let two: (Int32) -> String = { $0 < 10 ? "0\($0)" : "\($0)" }
        return unsafe "\(days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(months[Int(parts.tm_mon)]) "
            + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
    }
}

/// Request ids: 16 hexadecimal digits, unique for all practical purposes, because they start at random.
struct RequestIDs {
    private var generator = SeededGenerator(seed: .random(in: .min ... .max))

    mutating func next() -> String {
        let bits = generator.next()
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: (0..<16).map { digits[Int(truncatingIfNeeded: bits >> ($0 * 4)) & 15] }, as: UTF8.self)
    }
}
