import FoundationEssentials
import GRDB

extension BatchRecord {
    /// Reads a row of `batch`.
    init(_ row: Row) throws {
        let started = row.timestamp("started_at")
        let finished = row.timestamp("finished_at")
        self.init(
            key: row["key"], id: row["id"], gallery: row["gallery_name"], kind: try row.value("kind"),
            contentType: row["content_type"], bodyBytes: row["body_bytes"], state: try row.value("state"),
            isCancelRequested: row["cancel_requested"], expectedItems: row["expected"], enrolled: row["enrolled"],
            duplicate: row["duplicate"], failed: row["failed"],
            createdAt: Timestamp(milliseconds: row["created_at"]), startedAt: started, finishedAt: finished,
            failure: row["failure"], warnings: row.lines("warnings"))
        if let started, let finished, started < finished {
            itemsPerSecond = Double(recorded) * 1000 / Double(finished.milliseconds - started.milliseconds)
        }
    }
}

extension BatchItem {
    /// Reads a row of `batch_item` joined with the image's id as `image_id`.
    init(_ row: Row) throws {
        let failure: String? = row["failure"]
        self.init(
            index: row["position"], name: row["name"], state: try row.value("state"), imageID: row["image_id"],
            failure: failure == nil ? nil : try row.value("failure"), detail: row["detail"])
    }
}

extension Row {
    /// Reads one of an enumeration's raw values; any other text means that the file is damaged.
    func value<Value: RawRepresentable<String>>(_ column: String) throws -> Value {
        let text: String = self[column]
        guard let value = Value(rawValue: text) else {
            throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "\"\(text)\" as \(column)")
        }
        return value
    }
}

extension Row {
    /// The lines of a text; an empty array for NULL.
    func lines(_ column: String) -> [String] {
        let text: String? = self[column]
        return text?.split(separator: "\n").map(String.init) ?? []
    }
}

extension [String] {
    /// The lines as one text; NULL if there are none.
    var lines: String? { isEmpty ? nil : joined(separator: "\n") }
}

extension [UInt8] {
    /// The bytes in the type that SQLite takes.
    var data: Data { Data(self) }
}
