internal import Datasets
internal import FoundationEssentials

extension Service.Configuration {
    /// Reads a configuration: an option wins over the environment, the environment over the file, the file over a default.
    ///
    /// Every source is checked completely: a value that another source replaces must be valid too.
    ///
    /// swift-configuration 1.4 does not do this: it answers a value of the wrong type with the default, takes `true` for 1,
    /// and its sources do not list their names, so a misspelled one would pass.
    ///
    /// - Parameters:
    ///   - file: a JSON object; `null` counts as absent.
    ///   - environment: all variables of the process; those that begin with `REID_` must be fields.
    ///   - options: fields by their names in the file, with values as they are written in the environment.
    /// - Throws: `ConfigurationError` for the first name or value that is refused.
    public init(
        file: [UInt8]? = nil, environment: [String: String] = [:], options: [(field: String, value: String)] = []
    ) throws(ConfigurationError) {
        self.init()
        let fields = ConfigurationField.all
        let names = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0) })
        let variables = Dictionary(uniqueKeysWithValues: fields.map { ($0.variable, $0) })
        func field(_ name: String, in known: [String: ConfigurationField]) throws(ConfigurationError)
            -> ConfigurationField
        {
            guard let field = known[name] else {
                let near = nearestName(to: name, among: known.keys.sorted() + ConfigurationField.groups.sorted())
                throw .unknownField(name, nearest: near)
            }
            return field
        }
        for (name, value) in try file.map(Self.members) ?? [] {
            let field = try field(name, in: names)
            if value != .null { try field.set(value, in: &self, as: name) }
        }
        for (variable, text) in environment.sorted(by: { $0.key < $1.key })
        where variable.hasPrefix(ConfigurationField.variablePrefix) {
            let field = try field(variable, in: variables)
            try field.set(field.value(of: text), in: &self, as: variable)
        }
        for (name, text) in options {
            let field = try field(name, in: names)
            try field.set(field.value(of: text), in: &self, as: name)
        }
    }

    /// The members of a file by their dotted names, in alphabetical order.
    private static func members(of file: [UInt8]) throws(ConfigurationError) -> [(String, JSONValue)] {
        switch jsonFault(in: file) {
        case nil: break
        case .encoding: throw .malformedFile(reason: "it is not in UTF-8, or begins with a byte order mark")
        case .trailingComma(let name):
            throw .malformedFile(reason: "a comma\(name.map { " after '\($0)'" } ?? "") is followed by nothing")
        case .repeatedMember(let name): throw .malformedFile(reason: "'\(name)' is there twice")
        }
        let tree: JSONValue
        do {
            tree = try JSONDecoder().decode(JSONValue.self, from: Data(file))
        } catch DecodingError.dataCorrupted(let context) {
            throw .malformedFile(reason: "\(context.underlyingError ?? DecodingError.dataCorrupted(context))")
        } catch {
            throw .malformedFile(reason: "\(error)")
        }
        guard case .object(let root) = tree else { throw .malformedFile(reason: "it must hold an object") }
        return try members(of: root, under: "")
    }

    private static func members(
        of object: [String: JSONValue], under path: String
    ) throws(ConfigurationError) -> [(String, JSONValue)] {
        var found: [(String, JSONValue)] = []
        for (name, value) in object.sorted(by: { $0.key < $1.key }) {
            // A name that contains a dot is quoted, so that it does not look like a path.
            let name = path + (name.contains(".") ? "\"\(name)\"" : name)
            if ConfigurationField.groups.contains(name) {
                switch value {
                case .object(let inner): found += try members(of: inner, under: name + ".")
                case .null: break
                default: throw .wrongType(field: name, value: value.summary, expected: "an object")
                }
            } else {
                found.append((name, value))
            }
        }
        return found
    }
}

extension ConfigurationField {
    /// The names of the JSON objects that hold fields: `server`, `ranking`, `ranking.re_ranking`.
    static let groups: Set<String> = all.reduce(into: []) { groups, field in
        let names = field.name.split(separator: ".")
        for depth in 1..<names.count { groups.insert(names[..<depth].joined(separator: ".")) }
    }
}

/// The name among `names` that is spelled most like `name`; nil if none is close.
///
/// Two names are close if at most a third of the letters must be added or removed.
private func nearestName(to name: String, among names: [String]) -> String? {
    if let inGroup = names.first(where: { $0.hasSuffix("." + name) }) { return inGroup }
    let changes = names.map { (name: $0, count: Array($0).difference(from: Array(name)).count) }
    return changes.min { $0.count < $1.count }.flatMap { $0.count * 3 <= name.count ? $0.name : nil }
}

/// The effective configuration, in the form of a configuration file.
extension Service.Configuration: Encodable {
    /// Writes every field under its name in the file; an optional one that is not set is left out.
    public func encode(to encoder: any Encoder) throws {
        var tree = JSONValue.object([:])
        for field in ConfigurationField.all {
            guard let value = field.value(in: self) else { continue }
            tree.insert(value, at: field.name.split(separator: ".").map(String.init)[...])
        }
        try tree.encode(to: encoder)
    }
}

extension JSONValue {
    /// Adds `value` under a path of names; missing objects on the way are added.
    fileprivate mutating func insert(_ value: JSONValue, at path: ArraySlice<String>) {
        guard let name = path.first else {
            self = value
            return
        }
        guard case .object(var members) = self else { return }
        var member = members[name] ?? .object([:])
        member.insert(value, at: path.dropFirst())
        members[name] = member
        self = .object(members)
    }
}
