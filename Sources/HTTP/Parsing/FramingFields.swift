import HTTPTypes

/// The header fields that decide where a request ends and whether another follows.
struct FramingFields {
    private(set) var hosts: [String] = []
    private(set) var lengths: [String] = []
    private(set) var codings: [String] = []
    private var expectations: [String] = []
    private var connectionOptions: [String] = []

    /// Records a field if it is one of these.
    mutating func note(_ name: HTTPField.Name, _ value: String) {
        switch name.canonicalName {
        case "host": hosts.append(value)
        case "expect": expectations.append(value)
        case "connection":
            for option in value.split(separator: ",") {
                connectionOptions.append(option.filter { $0 != " " && $0 != "\t" }.lowercased())
            }
        case "content-length": lengths.append(value)
        case "transfer-encoding": codings.append(value)
        default: break
        }
    }

    /// How the end of the body is found (RFC 9112, section 6); an ambiguous request is refused.
    func bodyFraming(isHTTP10: Bool) throws(HTTPProblem) -> BodyFraming {
        guard codings.isEmpty || lengths.isEmpty else {
            throw .badRequest(
                "Transfer-Encoding and Content-Length exclude each other.", parameter: "Transfer-Encoding")
        }
        if !codings.isEmpty { return try codedFraming(isHTTP10: isHTTP10) }
        guard let length = lengths.first else { return .none }
        guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            throw .badRequest("Content-Length must be one decimal number, once.", parameter: "Content-Length")
        }
        guard let bytes = Int(length) else {
            throw HTTPProblem(.contentTooLarge, detail: "No body may be that long.", parameter: "Content-Length")
        }
        return bytes == 0 ? .none : .length(bytes)
    }

    private func codedFraming(isHTTP10: Bool) throws(HTTPProblem) -> BodyFraming {
        guard !isHTTP10 else { throw .badRequest("HTTP/1.0 has no Transfer-Encoding.", parameter: "Transfer-Encoding") }
        var names: [String] = []
        for coding in codings.joined(separator: ",").split(separator: ",", omittingEmptySubsequences: false) {
            var scanner = ValueScanner(String(coding))
            scanner.skipSpace()
            guard let name = scanner.token() else {
                throw .badRequest("Transfer-Encoding is malformed.", parameter: "Transfer-Encoding")
            }
            scanner.skipSpace()
            guard scanner.isAtEnd || name.lowercased() != "chunked" else {
                throw .badRequest("Transfer-Encoding is malformed.", parameter: "Transfer-Encoding")
            }
            names.append(name.lowercased())
        }
        if names == ["chunked"] { return .chunked }
        guard names.filter({ $0 == "chunked" }).count <= 1, names.last == "chunked" || !names.contains("chunked") else {
            throw .badRequest("chunked must be the last transfer coding, once.", parameter: "Transfer-Encoding")
        }
        throw HTTPProblem(
            .notImplemented, detail: "The only transfer coding known here is chunked.", parameter: "Transfer-Encoding")
    }

    /// Whether the connection stays open for another request.
    func keepsAlive(isHTTP10: Bool) -> Bool {
        !connectionOptions.contains("close") && (!isHTTP10 || connectionOptions.contains("keep-alive"))
    }

    /// Whether the client expects a 100; throws for any other expectation.
    func expectsContinue() throws(HTTPProblem) -> Bool {
        guard let expectation = expectations.first else { return false }
        guard expectations.count == 1, expectation.lowercased() == "100-continue" else {
            throw HTTPProblem(.expectationFailed, detail: "Only 100-continue can be expected.", parameter: "Expect")
        }
        return true
    }
}
