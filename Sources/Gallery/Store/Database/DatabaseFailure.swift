import Digests
import GRDB

extension GalleryError {
    /// Turns any error of SQLite or the system into a `GalleryError`; `path` names the database file.
    init(_ error: any Error, path: String) {
        switch error {
        case let error as GalleryError: self = error
        case let error as DatabaseError: self.init(error, path: path)
        case is DigestError: self = .noRandomness
        default: self = .inputOutput(path: path, reason: String(describing: error))
        }
    }

    private init(_ error: DatabaseError, path: String) {
        let reason = error.message ?? error.resultCode.description
        switch error.resultCode {
        case .SQLITE_FULL: self = .diskFull(path: path)
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(path: path, reason: reason)
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: self = .notWritable(path: path)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .locked(path: path)
        case .SQLITE_IOERR: self = .inputOutput(path: path, reason: "\(reason) (\(error.extendedResultCode.rawValue))")
        default: self = .database(path: path, code: Int(error.extendedResultCode.rawValue), reason: reason)
        }
    }
}
