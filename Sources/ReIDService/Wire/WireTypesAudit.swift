internal import Digests
public import Gallery

/// A row of the audit.
public struct AuditAnswer: Codable, Sendable, Equatable {
    /// The place in the audit, from 1 without gaps.
    public var sequence: Int64
    /// When it happened.
    public var at: Timestamp
    /// The name of the token; `anonymous` for a stranger, `service` for the service itself.
    public var actor: String
    /// The IP address that the request came from; empty for the service itself.
    public var address: String
    /// What was done, such as `search` or `gallery.delete`.
    public var action: String
    /// The id or name of what it was done to; empty if there is none.
    public var target: String
    /// `ok`, `unchanged`, or `refused: ` with the status and the kind of the problem.
    public var outcome: String
    /// More facts, such as the options of a search and the ids of the images that it showed.
    var details: JSONValue
    /// The digest of the row before, in hexadecimal; zeros for the first.
    public var previous: String
    /// The digest of this row, in hexadecimal; `AuditRecord` says how it is computed.
    public var digest: String
}

extension AuditAnswer {
    init(_ record: AuditRecord) throws {
        self.init(
            sequence: record.sequence, at: record.at, actor: record.actor, address: record.address,
            action: record.action, target: record.target, outcome: record.outcome,
            details: try fromJSON(Array(record.details.utf8)), previous: hexString(record.previous),
            digest: hexString(record.digest))
    }

    /// The row as it is stored, to check its digest.
    public var record: AuditRecord {
        get throws {
            AuditRecord(
                sequence: sequence, at: at, actor: actor, address: address, action: action, target: target,
                outcome: outcome, details: String(decoding: try jsonBytes(details), as: UTF8.self),
                previous: bytes(ofHex: previous), digest: bytes(ofHex: digest))
        }
    }
}

/// The bytes that `text` names in hexadecimal, up to the first pair that is not hexadecimal.
private func bytes(ofHex text: String) -> [UInt8] {
    let digits = Array(text)
    var bytes: [UInt8] = []
    for start in stride(from: 0, to: digits.count - 1, by: 2) {
        guard let byte = UInt8(String(digits[start...start + 1]), radix: 16) else { return bytes }
        bytes.append(byte)
    }
    return bytes
}
