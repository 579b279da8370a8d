internal import Foundation
internal import Gallery

/// Copies the database to a file, checks the copy, and then gives it its name.
///
/// The first unit makes the copy under a name of the job's own; after a kill it begins anew. The second one renames it.
struct BackupWork: JobWork {
    let service: ServiceContext

    /// The most bytes of a path.
    static let pathBytes = 1024

    var kind: JobKind { .backup }

    func parameters(from members: inout JSONMembers) throws -> [String: JSONValue] {
        guard let path = try members.text("path", bytes: Self.pathBytes) else {
            throw members.invalid("path", expected: BackupFolders.expectation)
        }
        if let complaint = service.backupFolders.complaint(about: path) {
            throw members.invalid("path", expected: complaint)
        }
        guard !DatabaseCopy.isThere(path) else { throw GalleryError.alreadyThere(path: path) }
        return ["path": .text(path)]
    }

    func step(_ job: JobRecord, _ control: JobControl) throws -> JobStep {
        let path = try fromJSON(Array(job.parameters.utf8), as: BackupParameters.self).path
        do {
            if let made = job.cursor {
                let result = try fromJSON(Array(made.utf8), as: BackupResult.self)
                try DatabaseCopy.publish(part(of: path, job), as: path, sha256: result.sha256)
                return .done(result: made)
            }
            return try copy(to: path, job, control)
        } catch let error as GalleryError {
            throw JobFailure(error)
        }
    }

    private func copy(to path: String, _ job: JobRecord, _ control: JobControl) throws -> JobStep {
        discard(job)
        // The folders may have changed since the job was accepted.
        if let complaint = service.backupFolders.complaint(about: path) {
            throw JobFailure("the path must be \(complaint)")
        }
        guard !DatabaseCopy.isThere(path) else { throw GalleryError.alreadyThere(path: path) }
        let copy = try service.store.copyDatabase(
            to: part(of: path, job), sparing: Int64(service.configuration.jobs.spareBytes), goesOn: control.goesOn)
        guard let copy else { return .more }
        let result = String(decoding: try jsonBytes(BackupResult(copy, path: path)), as: UTF8.self)
        try service.store.recordJob(job.id, done: copy.bytes, total: copy.bytes, cursor: result)
        return .more
    }

    func discard(_ job: JobRecord) {
        guard let parameters = try? fromJSON(Array(job.parameters.utf8), as: BackupParameters.self) else { return }
        DatabaseCopy.discard(part(of: parameters.path, job))
    }

    /// The name under which the copy is made.
    private func part(of path: String, _ job: JobRecord) -> String { "\(path).\(job.id).part" }
}

/// What a backup needs to know.
private struct BackupParameters: Codable {
    let path: String
}

/// What came of a backup.
struct BackupResult: Codable, Equatable {
    /// The path of the file.
    let path: String
    /// Its size.
    let bytes: Int64
    /// Its SHA-256 in hexadecimal.
    let sha256: String
    /// The version of its schema.
    let schema: Int
    /// The galleries in it.
    let galleries: Int
    /// The images in it.
    let images: Int
    /// The vectors in it.
    let embeddings: Int
    /// The rows of the audit in it.
    let auditRows: Int
    /// The digest of the last of these.
    let auditDigest: String

    private enum CodingKeys: String, CodingKey {
        case path, bytes, sha256, schema, galleries, images, embeddings
        case auditRows = "audit_rows"
        case auditDigest = "audit_digest"
    }

    init(_ copy: DatabaseCopy, path: String) {
        self.path = path
        (bytes, sha256) = (copy.bytes, copy.sha256)
        let contents = copy.contents
        (schema, galleries, images) = (contents.schema, contents.galleries, contents.images)
        (embeddings, auditRows, auditDigest) = (contents.embeddings, contents.auditRows, contents.auditDigest)
    }
}
