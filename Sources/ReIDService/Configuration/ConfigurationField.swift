internal import FoundationEssentials
internal import Logging

/// One field of the configuration: its name, where its value is kept, and what the value may be.
struct ConfigurationField: Sendable {
    typealias Place<Value> = any WritableKeyPath<Service.Configuration, Value> & Sendable

    /// Where the value is kept, and what it may be.
    enum Kind: Sendable {
        case whole(Place<Int>, in: ClosedRange<Int>)
        case real(Place<Double>, in: ClosedRange<Double>)
        case flag(Place<Bool>)
        case path(Place<String>)
        case optionalPath(Place<String?>)
        case address(Place<String>)
        case level(Place<Logger.Level>)
        case list(Place<[String]>, of: Entries)
    }

    /// What the texts of a list are.
    enum Entries: Sendable {
        case hostNames
        case origins
        case folders
        case targets

        /// What the list may be.
        var expectation: String {
            switch self {
            case .hostNames: "a list of host names such as reid.example.org"
            case .origins: "a list of origins such as https://desk.example.org"
            case .folders: "a list of absolute paths such as /srv/backups"
            case .targets: "a list of host names and networks such as desk.example.org or 10.1.0.0/16"
            }
        }

        func allows(_ text: String) -> Bool {
            switch self {
            case .hostNames: OriginRules.isName(text)
            case .origins: OriginRules.isOrigin(text)
            case .folders: BackupFolders.isPlain(text)
            case .targets: WebhookTargets.isEntry(text)
            }
        }
    }

    /// The name in the file and on the command line; dots lead into JSON objects.
    let name: String
    let kind: Kind
    let unit: String?
    /// The default in words, if it depends on the machine or on other fields.
    let statedDefault: String?
    /// One sentence, for the reference.
    let summary: String

    init(_ name: String, _ kind: Kind, unit: String? = nil, default: String? = nil, _ summary: String) {
        self.name = name
        self.kind = kind
        self.unit = unit
        statedDefault = `default`
        self.summary = summary
    }

    /// The prefix of every environment variable of the service.
    static let variablePrefix = "REID_"

    /// The environment variable: `REID_SERVER_HEAD_BYTES` for `server.head_bytes`.
    var variable: String { Self.variablePrefix + name.uppercased().replacing(".", with: "_") }

    /// What the value may be: "a whole number from 1 to 60 s".
    var expectation: String {
        switch kind {
        case .whole(_, let range): wholeNumber(in: range) + (unit.map { " " + $0 } ?? "")
        case .real(_, let range): realNumber(in: range) + (unit.map { " " + $0 } ?? "")
        case .flag: "true or false"
        case .path, .optionalPath: "a path"
        case .address: "an address such as 127.0.0.1:8080 or [::1]:8080"
        case .list(_, let entries): entries.expectation
        case .level: "one of " + Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
        }
    }

    /// The value in `configuration`; nil if an optional one is not set.
    func value(in configuration: Service.Configuration) -> JSONValue? {
        switch kind {
        case .whole(let path, _): .number(Double(configuration[keyPath: path]))
        case .real(let path, _): .number(configuration[keyPath: path])
        case .flag(let path): .flag(configuration[keyPath: path])
        case .path(let path), .address(let path): .text(configuration[keyPath: path])
        case .optionalPath(let path): configuration[keyPath: path].map(JSONValue.text)
        case .level(let path): .text(configuration[keyPath: path].rawValue)
        case .list(let path, _): .list(configuration[keyPath: path].map(JSONValue.text))
        }
    }

    /// Keeps `value` in `configuration`.
    ///
    /// - Parameters:
    ///   - value: a JSON value of any type.
    ///   - configuration: the configuration to change.
    ///   - source: the field's name as the value's source spells it.
    /// - Throws: `ConfigurationError.wrongType` or `outOfRange`; nothing has changed then.
    func set(
        _ value: JSONValue, in configuration: inout Service.Configuration, as source: String
    ) throws(ConfigurationError) {
        func require(_ isAllowed: Bool) throws(ConfigurationError) {
            if !isAllowed { throw .outOfRange(field: source, value: value.summary, allowed: expectation) }
        }
        switch (kind, value) {
        case (.whole(let path, let range), .number(let number)):
            guard let whole = Int(exactly: number) else { break }
            try require(range ~= whole)
            configuration[keyPath: path] = whole
            return
        case (.real(let path, let range), .number(let number)):
            try require(range ~= number)
            configuration[keyPath: path] = number
            return
        case (.flag(let path), .flag(let flag)):
            configuration[keyPath: path] = flag
            return
        case (.path(let path), .text(let text)):
            try require(!text.isEmpty)
            configuration[keyPath: path] = text
            return
        case (.optionalPath(let path), .text(let text)):
            try require(!text.isEmpty)
            configuration[keyPath: path] = text
            return
        case (.address(let path), .text(let text)):
            try require(ListenerAddress(text) != nil)
            configuration[keyPath: path] = text
            return
        case (.level(let path), .text(let text)):
            let level = Logger.Level(rawValue: text)
            try require(level != nil)
            configuration[keyPath: path] = level ?? configuration[keyPath: path]
            return
        case (.list(let path, let entries), .list(let values)):
            var texts: [String] = []
            for value in values {
                guard case .text(let text) = value else {
                    throw .wrongType(field: source, value: value.summary, expected: expectation)
                }
                guard entries.allows(text) else {
                    throw .outOfRange(field: source, value: value.summary, allowed: expectation)
                }
                texts.append(text)
            }
            configuration[keyPath: path] = texts
            return
        default: break
        }
        throw .wrongType(field: source, value: value.summary, expected: expectation)
    }

    /// The value that `text` stands for, in the environment or on the command line.
    ///
    /// Numbers, true and false are written as in the file; paths, addresses and levels without quotes, lists with commas.
    func value(of text: String) -> JSONValue {
        switch kind {
        case .list:
            .list(
                text.isEmpty
                    ? [] : text.split(separator: ",", omittingEmptySubsequences: false).map { .text(String($0)) })
        case .path, .optionalPath, .address, .level: .text(text)
        case .whole, .real, .flag:
            (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .text(text)
        }
    }
}

extension JSONValue {
    /// The value in short, for an error.
    var summary: String {
        switch self {
        case .null: "null"
        case .flag(let flag): "\(flag)"
        case .number(let number): Int(exactly: number).map { "\($0)" } ?? "\(number)"
        case .text(let text): "'\(text)'"
        case .list: "a list"
        case .object: "an object"
        }
    }
}
