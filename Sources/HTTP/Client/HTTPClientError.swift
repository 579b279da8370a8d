import Glibc

/// Why a client got no answer.
public enum HTTPClientError: Error, Sendable, Equatable {
    /// No address is known for the host.
    case unknownHost(String)
    /// The caller allows no connection to the host's addresses.
    case forbidden(host: String)
    /// A system call failed, with its error number; before anything was sent: nobody listens.
    case system(call: String, code: Int32)
    /// The file with trusted authorities cannot be used.
    case unusableAuthorities(path: String)
    /// The server's certificate is not trusted, or is another host's.
    case untrusted(reason: String)
    /// TLS failed, for example because the server speaks in clear.
    case tls(reason: String)
    /// The file to send cannot be read, or has become shorter.
    case body(BodyFileError)
    /// The server closed the connection before its answer was complete.
    case cutShort
    /// The answer is not HTTP.
    case malformed
    /// The answer's body has more bytes than the caller takes.
    case tooLarge(limit: Int)
    /// Nothing came for too long.
    case timedOut
    /// The caller wants no answer any more.
    case cancelled
}

extension HTTPClientError: CustomStringConvertible {
    /// The end of a sentence that names the server.
    public var description: String {
        switch self {
        case .unknownHost(let host): "the host \(host) is not known"
        case .forbidden(let host): "no address of the host \(host) is allowed"
        case .system(let call, let code): "\(call): \(unsafe String(cString: strerror(code)))"
        case .unusableAuthorities(let path): "\(path) does not hold certificates of authorities in PEM form"
        case .untrusted(let reason): "the server's certificate is not trusted: \(reason)"
        case .tls(let reason): "TLS failed: \(reason)"
        case .body(let error): "\(error)"
        case .cutShort: "the answer was cut short"
        case .malformed: "the answer is not HTTP"
        case .tooLarge(let limit): "the answer has more than \(limit) bytes"
        case .timedOut: "no answer in time"
        case .cancelled: "cancelled"
        }
    }
}
