/// A message of a stream of server-sent events (WHATWG HTML, section 9.2), which browsers read with `EventSource`.
public struct ServerSentEvent: Sendable, Equatable {
    /// The media type of such a stream.
    public static let mediaType = "text/event-stream"
    /// A line that clients skip; it shows whether the connection is still there.
    public static let comment = Array(":\n\n".utf8)

    /// The event's name.
    public var name: String
    /// What a client that comes back says in `Last-Event-ID`; nil: as before.
    public var id: String?
    /// UTF-8 text without carriage returns.
    public var data: [UInt8]

    /// Creates an event; `name` and `id` must be single lines.
    public init(_ name: String, id: String? = nil, data: [UInt8]) {
        precondition(
            !(name + (id ?? "")).utf8.contains { $0 == 0x0A || $0 == 0x0D || $0 == 0 }, "\(name) has a line break")
        self.name = name
        self.id = id
        self.data = data
    }

    /// The event as it is sent; each line of the data has a field of its own.
    public var text: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(data.count + 64)
        if let id { text += "id: \(id)\n".utf8 }
        text += "event: \(name)\n".utf8
        for line in data.split(separator: 0x0A, omittingEmptySubsequences: false) {
            text += "data: ".utf8
            text += line
            text.append(0x0A)
        }
        text.append(0x0A)
        return text
    }

    /// The field that says after how many milliseconds a client comes back.
    public static func retry(milliseconds: Int) -> [UInt8] { Array("retry: \(milliseconds)\n\n".utf8) }
}
