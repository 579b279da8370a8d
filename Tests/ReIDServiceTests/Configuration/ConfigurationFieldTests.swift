import Embedding
import Foundation
import HTTP
import Logging
import Testing

@testable import ReIDService

/// Every field of the list, from every source.
@Suite struct ConfigurationFieldTests {
    let fields: [ConfigurationField]

    init() throws {
        fields = ConfigurationField.all
        try #require(!fields.isEmpty)
    }

    @Test func `every value of the configuration has its field`() {
        let parts: [Any] = [
            HTTPServer.Configuration(), Embedder.Configuration(), Service.Configuration.Limits(),
            Service.Configuration.Ranking(), Service.Configuration.Tokens(), Service.Configuration.TLS(),
            Service.Configuration.Audit(), Service.Configuration.Jobs(), Service.Configuration.Events(),
            Service.Configuration.Webhooks(),
            Service.Configuration(),
        ]
        let values = parts.reduce(0) { $0 + Mirror(reflecting: $1).children.count } - 11
        #expect(
            fields.count == values,
            "values and parts of the configuration, less the ten parts and the spool folder, which the service sets")
        #expect(Set(fields.map(\.name)).count == fields.count)
        #expect(Set(fields.map(\.variable)).count == fields.count)
        #expect(fields.allSatisfy { !$0.summary.isEmpty && $0.summary.hasSuffix(".") })
        #expect(fields.allSatisfy { $0.name.wholeMatch(of: /[a-z0-9_]+(\.[a-z0-9_]+)*/) != nil })
    }

    @Test func `variables are named after fields`() throws {
        let field = try #require(fields.first { $0.name == "server.head_bytes" })
        #expect(field.variable == "REID_SERVER_HEAD_BYTES")
        #expect(fields.contains { $0.variable == "REID_RANKING_RE_RANKING_K1" })
    }

    @Test func `each field sets its own value and no other`() throws {
        let defaults = Service.Configuration()
        for field in fields {
            let samples = Samples(field)
            let text = try #require(samples.allowed.last { field.value(of: $0) != field.value(in: defaults) })
            let changed = try Service.Configuration(options: [(field: field.name, value: text)])
            let different = fields.filter { $0.value(in: changed) != $0.value(in: defaults) }
            #expect(different.map(\.name) == [field.name])
            #expect(changed != defaults)
        }
    }

    @Test func `a configuration with every value changed survives its own JSON`() throws {
        let defaults = Service.Configuration()
        let options = try fields.map { field in
            let text = try #require(Samples(field).allowed.first { field.value(of: $0) != field.value(in: defaults) })
            return (field: field.name, value: text)
        }
        let changed = try Service.Configuration(options: options)
        let data = try JSONEncoder().encode(changed)
        #expect(try Service.Configuration(file: Array(data)) == changed)
        let object = try JSONSerialization.jsonObject(with: data)
        #expect(Self.leaves(object) == fields.count)
    }

    /// Values in a JSON object and all objects within.
    private static func leaves(_ object: Any) -> Int {
        guard let members = object as? [String: Any] else { return 1 }
        return members.values.reduce(0) { $0 + leaves($1) }
    }

    @Test func `values at the bounds of a range are taken from every source`() throws {
        for field in fields {
            for text in Samples(field).allowed {
                for source in Source.allCases {
                    let configuration = try source.read(field, text)
                    #expect(field.value(in: configuration) == field.value(of: text), "\(field.name) \(text)")
                }
            }
        }
    }

    @Test func `values just beyond a range are refused in every source with name, value and range`() {
        for field in fields {
            for text in Samples(field).beyond {
                for source in Source.allCases {
                    let error = #expect(throws: ConfigurationError.self, "\(field.name) \(text)") {
                        try source.read(field, text)
                    }
                    guard case .outOfRange(source.name(of: field), let value, field.expectation) = error else {
                        Issue.record("\(field.name) \(text): \(String(describing: error))")
                        continue
                    }
                    #expect(text.isEmpty || value.contains(text))
                    let sentence = error?.description ?? ""
                    let facts = [source.name(of: field), value] + Samples(field).bounds
                    #expect(facts.allSatisfy(sentence.contains), "\(sentence)")
                }
            }
        }
    }

    @Test func `values of the wrong type are refused in every source with name and what is expected`() {
        for field in fields {
            for source in Source.allCases {
                for text in Samples(field).mistyped(in: source) {
                    let error = #expect(throws: ConfigurationError.self, "\(field.name) \(text)") {
                        try source.read(field, text, isQuoted: false)
                    }
                    guard case .wrongType(source.name(of: field), _, field.expectation) = error else {
                        Issue.record("\(field.name) \(text): \(String(describing: error))")
                        continue
                    }
                }
            }
        }
    }
}

/// One of the three sources of values.
enum Source: CaseIterable {
    case file, environment, options

    /// The field's name as the source spells it.
    func name(of field: ConfigurationField) -> String { self == .environment ? field.variable : field.name }

    /// A configuration with one value from this source.
    func read(_ field: ConfigurationField, _ text: String, isQuoted: Bool = true) throws -> Service.Configuration {
        switch self {
        case .file:
            let value = isQuoted ? Samples(field).inFile(text) : text
            let json = field.name.split(separator: ".").reversed().reduce(value) { #"{"\#($1)": \#($0)}"# }
            return try Service.Configuration(file: Array(json.utf8))
        case .environment: return try Service.Configuration(environment: [field.variable: text])
        case .options: return try Service.Configuration(options: [(field: field.name, value: text)])
        }
    }
}

/// Values to try on a field, written as in the environment.
struct Samples {
    var allowed: [String] = []
    var beyond: [String] = []
    /// The text that the error for a value out of range must contain.
    var bounds: [String] = []
    var isText = true
    /// Whether the value is a list of texts, written with commas.
    var isList = false

    init(_ field: ConfigurationField) {
        switch field.kind {
        case .whole(_, let range):
            allowed = ["\(range.lowerBound)", "\(range.upperBound)"]
            beyond = ["\(range.lowerBound - 1)", "\(range.upperBound + 1)"]
            bounds = allowed
            isText = false
        case .real(_, let range):
            allowed = ["\(range.lowerBound)", "\(range.upperBound)"]
            beyond = ["\(min(range.lowerBound.nextDown, -1e-300))", "\(range.upperBound.nextUp)"]
            if range.lowerBound > 0 { beyond[0] = "\(range.lowerBound.nextDown)" }
            bounds = allowed
            isText = false
        case .flag:
            allowed = ["true", "false"]
            isText = false
        case .path, .optionalPath:
            allowed = ["a/b", "ä c"]
            beyond = [""]
        case .address:
            allowed = ["127.0.0.1:0", "[::1]:65535"]
            beyond = ["", "127.0.0.1:65536", "::1:80"]
        case .level:
            allowed = Logger.Level.allCases.map(\.rawValue)
            beyond = ["", "loud", "INFO"]
            bounds = ["trace", "critical"]
        case .list(_, of: .hostNames):
            allowed = ["reid.example.org", "a,b-2.c"]
            beyond = ["a b", "http://a", ".", "-a", "a:80"]
            isList = true
        case .list(_, of: .folders):
            allowed = ["/srv/backups", "/a,/b c/d"]
            beyond = ["a", "/", "/a/", "/a/../b", "./b"]
            isList = true
        case .list(_, of: .targets):
            allowed = ["desk.example.org", "10.1.0.0/16,::1,a.b"]
            beyond = ["10.1.0.1/16", "10.0.0.0/33", "https://a", "a b", "*", "a."]
            isList = true
        case .list(_, of: .origins):
            allowed = ["https://a.example.org", "http://localhost:3000,https://[::1]:8443"]
            beyond = ["a.example.org", "https://a/", "ftp://a", "https://A", "https://a:443", "http://a:0", "null"]
            isList = true
        }
    }

    /// The value as it is written in a file.
    func inFile(_ text: String) -> String {
        if isList { return "[" + text.split(separator: ",").map { "\"\($0)\"" }.joined(separator: ",") + "]" }
        return isText ? "\"\(text)\"" : text
    }

    /// Values of other types; the environment and the command line cannot write one for a text.
    func mistyped(in source: Source) -> [String] {
        if isList { return source == .file ? ["5", "true", "\"a\"", "{}", "[5]"] : [] }
        if isText { return source == .file ? ["5", "true", "[]", "{}"] : [] }
        let common =
            allowed == ["true", "false"] ? ["1", "0", "\"true\"", "[]", "{}"] : ["true", "\"5\"", "[]", "{}"]
        return source == .file ? common : common + ["", "yes", "0x10", "null", "5 6"]
    }
}
