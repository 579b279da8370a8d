internal import FoundationEssentials
internal import HTTP
internal import HTTPTypes

extension ServerResponse {
    /// A response with `value` as JSON; members are sorted, so that equal values have equal bytes.
    ///
    /// Caches must not keep it unless `fields` allow it.
    static func json(
        _ value: some Encodable, status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]
    ) throws -> ServerResponse {
        .json(text: try jsonBytes(value), status: status, fields: fields)
    }

    /// An answer with JSON text; not to be stored, unless `fields` says otherwise.
    static func json(
        text: [UInt8], status: HTTPResponse.Status = .ok, fields: HTTPFields = [:]
    ) -> ServerResponse {
        var fields = fields
        fields[.contentType] = "application/json"
        if fields[.cacheControl] == nil { fields[.cacheControl] = "no-store" }
        return ServerResponse(status, fields: fields, body: .bytes(text))
    }
}

/// `value` as JSON text with sorted members.
func jsonBytes(_ value: some Encodable) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return [UInt8](try encoder.encode(value))
}

/// Decodes a value that `jsonBytes` encoded.
func fromJSON<Value: Decodable>(_ bytes: [UInt8], as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(bytes))
}
