import FoundationEssentials
import Glibc
public import HTTPTypes

/// Serves the files of one folder to browsers; no hidden files, no symbolic links, nothing outside the folder.
public struct StaticFiles: Sendable {
    /// The `Content-Security-Policy`: a page may load and use only this server's scripts, styles, images and routes.
    public static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    /// The size up to which a file is sent from memory, in bytes.
    private static let memoryLimit = 1 << 20

    private let folder: Folder
    /// The files that existed at the start.
    private let names: Set<String>

    /// The folder's descriptor, closed on deinit.
    private final class Folder: Sendable {
        let path: String
        let descriptor: Int32

        init(path: String) throws(BodyFileError) {
            self.path = path
            descriptor = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { throw .system(call: "open", path: path, code: errno) }
        }

        deinit { if descriptor >= 0 { close(descriptor) } }
    }

    /// Serves the files of a folder.
    public init(folder path: String) throws(BodyFileError) {
        folder = try Folder(path: path)
        do {
            names = Set(
                try FileManager.default.subpathsOfDirectory(atPath: path).filter {
                    $0.split(separator: "/").allSatisfy { Self.isAllowed(String($0)) }
                })
        } catch {
            throw .system(call: "opendir", path: path, code: EACCES)
        }
    }

    /// Whether a file existed at this path at the start; does not read the disk, so an event loop may call it.
    func had(_ target: RequestTarget) -> Bool {
        let path = target.segments.joined(separator: "/")
        return names.contains(target.segments.last == "" ? path + "index.html" : path)
    }

    /// The file for a request's path; a path that ends in a slash means the `index.html` in that folder.
    ///
    /// - Throws: A problem 404 if there is no such file, 500 if it cannot be read.
    public func response(to request: ServerRequest) throws(HTTPProblem) -> ServerResponse {
        var segments = request.target.segments
        if segments.last == "" { segments[segments.count - 1] = "index.html" }
        guard let name = segments.last, segments.allSatisfy(Self.isAllowed), let file = open(segments) else {
            throw HTTPProblem(.notFound, detail: "There is nothing at this path.")
        }
        let tag = EntityTag("\(String(file.modified, radix: 16))-\(String(file.size, radix: 16))")
        var fields: HTTPFields = [
            .eTag: tag.description, .cacheControl: "no-cache", .acceptRanges: "bytes", .xContentTypeOptions: "nosniff",
            .contentSecurityPolicy: Self.contentSecurityPolicy, .referrerPolicy: "no-referrer",
        ]
        if tag.isMatched(byIfNoneMatch: request.fields[.ifNoneMatch]) {
            return ServerResponse(.notModified, fields: fields)
        }
        fields[.contentType] = Self.contentType(ofFile: name)
        guard file.size <= Self.memoryLimit else { return ServerResponse(fields: fields, body: .file(file)) }
        do {
            return ServerResponse(fields: fields, body: .bytes(try file.bytes(in: 0..<file.size)))
        } catch {
            throw HTTPProblem(.internalServerError, detail: "The file could not be read: \(error).")
        }
    }

    /// The media type for a file's extension.
    static func contentType(ofFile name: String) -> String {
        switch name.lastIndex(of: ".").map({ name[name.index(after: $0)...].lowercased() }) {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "json": "application/json"
        case "txt", "md": "text/plain; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "jpg", "jpeg": "image/jpeg"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        default: "application/octet-stream"
        }
    }

    /// Whether a segment is a plain, visible name.
    private static func isAllowed(_ segment: String) -> Bool {
        !segment.isEmpty && !segment.hasPrefix(".")
            && segment.utf8.allSatisfy {
                $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "\\")
            }
    }

    /// Opens a regular file; it opens one folder after the other, so that no symbolic link is followed.
    private func open(_ segments: [String]) -> OpenFile? {
        var descriptor = folder.descriptor
        for (index, segment) in segments.enumerated() {
            let isLast = index == segments.count - 1
            let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | (isLast ? O_NONBLOCK : O_DIRECTORY)
            let next = unsafe openat(descriptor, segment, flags)
            if index > 0 { close(descriptor) }
            guard next >= 0 else { return nil }
            descriptor = next
        }
        // Anything but a regular file counts as absent; the initializer closes it.
        return try? OpenFile(descriptor: descriptor, path: "\(folder.path)/\(segments.joined(separator: "/"))")
    }
}

extension HTTPField.Name {
    /// `Referrer-Policy`, for which HTTPTypes has no constant.
    static let referrerPolicy = known("Referrer-Policy")
    /// `X-Request-Id`.
    public static let xRequestID = known("X-Request-Id")
    /// `Host`, whose own constant HTTPTypes reserves.
    public static let requestHost = known("Host")
    /// `Last-Event-ID`, the id of the last server-sent event that a client has.
    public static let lastEventID = known("Last-Event-ID")
    /// `Sec-Fetch-Site`, by which a browser says where the page is that sends a request.
    public static let secFetchSite = known("Sec-Fetch-Site")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no field name") }
        return name
    }
}
