import Digests

/// A row of the audit: what happened, and its place in the chain.
///
/// The rows are chained by digests, so a row that was changed, removed or inserted later shows. The digest of a row is
/// the SHA-256 of these ten texts, one after the other, each as a netstring (its length in bytes as a decimal number, a
/// colon, the UTF-8 bytes, a comma):
///
/// 1. `previous` in lowercase hexadecimal: the digest of the row before, 64 zeros for the first row
/// 2. `sequence` in decimal
/// 3. `at` in milliseconds since 1970 in decimal
/// 4. `actor`, 5. `address`, 6. `action`, 7. `target`, 8. `outcome`, as they are
/// 9. `details` as stored: a JSON object with sorted members and without white space, not escaped beyond need
/// 10. the text `reid-audit-1`, which names this encoding
///
/// In Python, with the columns of the table `audit`, in which `previous` and `digest` are blobs:
///
///     texts = [previous.hex(), sequence, at, actor, address, action, target, outcome, details, "reid-audit-1"]
///     parts = [str(text).encode() for text in texts]
///     digest = hashlib.sha256(b"".join(b"%d:%s," % (len(part), part) for part in parts)).digest()
public struct AuditRecord: Sendable, Equatable {
    /// The place in the audit, from 1 without gaps.
    public let sequence: Int64
    /// When the row was made.
    public let at: Timestamp
    /// The name of the token, `anonymous` or `service`.
    public let actor: String
    /// The IP address that the request came from.
    public let address: String
    /// What was done: an `AuditAction`.
    public let action: String
    /// What it was done to.
    public let target: String
    /// How it ended.
    public let outcome: String
    /// More facts as a JSON object.
    public let details: String
    /// The digest of the row before, 32 bytes.
    public let previous: [UInt8]
    /// The digest of this row, 32 bytes.
    public let digest: [UInt8]

    /// A row as it was read.
    public init(
        sequence: Int64, at: Timestamp, actor: String, address: String, action: String, target: String,
        outcome: String, details: String, previous: [UInt8], digest: [UInt8]
    ) {
        self.sequence = sequence
        self.at = at
        self.actor = actor
        self.address = address
        self.action = action
        self.target = target
        self.outcome = outcome
        self.details = details
        self.previous = previous
        self.digest = digest
    }

    /// The row that follows `last`, with its digest.
    init(_ event: AuditEvent, at: Timestamp, after last: (sequence: Int64, digest: [UInt8])) throws(DigestError) {
        let open = AuditRecord(
            sequence: last.sequence + 1, at: at, actor: event.actor, address: event.address,
            action: event.action.rawValue, target: event.target, outcome: event.outcome, details: event.details,
            previous: last.digest, digest: [])
        self.init(
            sequence: open.sequence, at: at, actor: open.actor, address: open.address, action: open.action,
            target: open.target, outcome: open.outcome, details: open.details, previous: open.previous,
            digest: try open.computedDigest())
    }

    /// What the digest of the row should be.
    func computedDigest() throws(DigestError) -> [UInt8] {
        var hasher = try SHA256Hasher()
        let texts = [
            hexString(previous), String(sequence), String(at.milliseconds), actor, address, action, target, outcome,
            details, "reid-audit-1",
        ]
        for text in texts { try hasher.update(Array("\(text.utf8.count):\(text),".utf8)) }
        return try hasher.finish()
    }

    /// The digest before the first row.
    static let origin = [UInt8](repeating: 0, count: 32)
}

/// Checks the rows of the audit, one after the other, from the first.
public struct AuditVerifier: Sendable {
    /// The rows that were checked and are in order.
    public private(set) var count: Int64 = 0
    /// The digest of the last of them, in hexadecimal; zeros before the first.
    public var lastDigest: String { hexString(digest) }
    private var digest = AuditRecord.origin
    /// The digest of a row that must be among them; nil: none, or it was found.
    private var noted: String?

    /// Starts before the first row.
    ///
    /// - Parameter noted: the digest of a row in hexadecimal, from an earlier check; `finish` throws unless it is found.
    public init(noted: String? = nil) { self.noted = noted?.lowercased() }

    /// Checks the next row.
    ///
    /// - Throws: `BrokenAudit`, which names the first row that does not fit.
    public mutating func check(_ record: AuditRecord) throws {
        guard record.sequence == count + 1 else {
            throw BrokenAudit.missing(expected: count + 1, found: record.sequence)
        }
        guard record.previous == digest else { throw BrokenAudit.unlinked(record.sequence) }
        guard try record.computedDigest() == record.digest else { throw BrokenAudit.changed(record.sequence) }
        count += 1
        digest = record.digest
        if noted == lastDigest { noted = nil }
    }

    /// Throws `BrokenAudit.withoutNoted` if the noted digest was not found.
    public func finish() throws(BrokenAudit) {
        if let noted { throw .withoutNoted(digest: noted) }
    }
}

/// The first place where the chain of the audit is broken.
public enum BrokenAudit: Error, Sendable, Equatable {
    /// One or more rows are missing before the row `found`; the first missing one is `expected`.
    case missing(expected: Int64, found: Int64)
    /// Rows are missing at the end: the table had a row `last`.
    case cut(last: Int64, found: Int64)
    /// The row does not follow the one before it: one of the two was replaced.
    case unlinked(Int64)
    /// The row is not as it was written.
    case changed(Int64)
    /// No row has the digest that was noted earlier: the rows were all written again, or cut off before it.
    case withoutNoted(digest: String)
}

extension BrokenAudit: CustomStringConvertible {
    /// One sentence for an operator.
    public var description: String {
        switch self {
        case .missing(let expected, let found): "row \(expected) of the audit is missing; row \(found) stands there"
        case .cut(let last, let found): "rows \(found + 1) to \(last) of the audit are missing at its end"
        case .unlinked(let sequence): "row \(sequence) of the audit does not follow row \(sequence - 1)"
        case .changed(let sequence): "row \(sequence) of the audit was changed after it was written"
        case .withoutNoted(let digest): "no row of the audit has the digest \(digest)"
        }
    }
}
