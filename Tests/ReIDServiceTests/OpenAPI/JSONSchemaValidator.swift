import Foundation

@testable import ReIDService

/// Checks JSON against schemas of draft 2020-12 with the keywords that the service's description uses.
///
/// An unknown keyword is a fault too, so that nothing in a schema is silently ignored.
struct JSONSchemaValidator: Sendable {
    /// The document that `$ref` points into.
    let document: JSONValue

    /// The faults of `value`, each with its place; empty if there are none.
    func faults(of value: JSONValue, against schema: JSONValue, at place: String = "") -> [String] {
        guard case .object(let keywords) = schema else { return ["\(place): the schema is not an object"] }
        return keywords.sorted { $0.key < $1.key }.flatMap { keyword, rule in
            faults(of: value, keyword, rule, keywords).map { fault in
                // A fault of an inner value, or behind a reference, has its place already.
                fault.hasPrefix("/") || fault.hasPrefix(": ") ? place + fault : "\(place): \(fault)"
            }
        }
    }

    /// The value that a `$ref` of this document names, or nil.
    func resolved(_ reference: String) -> JSONValue? {
        guard reference.hasPrefix("#/") else { return nil }
        var found = document
        for name in reference.dropFirst(2).split(separator: "/") {
            guard case .object(let members) = found,
                let next = members[String(name).replacing("~1", with: "/").replacing("~0", with: "~")]
            else { return nil }
            found = next
        }
        return found
    }

    private func faults(
        of value: JSONValue, _ keyword: String, _ rule: JSONValue, _ keywords: [String: JSONValue]
    ) -> [String] {
        switch (keyword, rule, value) {
        case ("description", _, _), ("default", _, _): []
        case ("$ref", .text(let reference), _):
            resolved(reference).map { faults(of: value, against: $0) } ?? ["nothing is at \(reference)"]
        case ("type", .text(let type), _): isOf(type, value) ? [] : ["\(value) is not \(type)"]
        case ("type", .list(let types), _):
            types.contains { $0.text.map { isOf($0, value) } == true } ? [] : ["\(value) is none of \(types)"]
        case ("enum", .list(let choices), _): choices.contains(value) ? [] : ["\(value) is none of \(choices)"]
        case ("anyOf", .list(let schemas), _): matches(value, schemas) >= 1 ? [] : ["\(value) matches no schema"]
        case ("oneOf", .list(let schemas), _):
            matches(value, schemas) == 1 ? [] : ["\(value) matches \(matches(value, schemas)) schemas"]
        case ("properties", .object(let schemas), .object(let members)):
            members.sorted { $0.key < $1.key }.flatMap { name, member in
                schemas[name].map { faults(of: member, against: $0, at: "/" + name) } ?? []
            }
        case ("additionalProperties", .flag(false), .object(let members)):
            surplus(members, keywords).map { "the member \($0) is not described" }
        case ("required", .list(let names), .object(let members)):
            names.compactMap(\.text).filter { members[$0] == nil }.map { "the member \($0) is missing" }
        case ("items", _, .list(let items)):
            items.enumerated().flatMap { faults(of: $1, against: rule, at: "/\($0)") }
        case ("minItems", .number(let least), .list(let items)): Double(items.count) >= least ? [] : ["too few items"]
        case ("maxItems", .number(let most), .list(let items)): Double(items.count) <= most ? [] : ["too many items"]
        case ("minimum", .number(let least), .number(let number)): number >= least ? [] : ["\(number) < \(least)"]
        case ("maximum", .number(let most), .number(let number)): number <= most ? [] : ["\(number) > \(most)"]
        case ("minLength", .number(let least), .text(let text)):
            Double(text.unicodeScalars.count) >= least ? [] : ["\"\(text)\" is too short"]
        case ("maxLength", .number(let most), .text(let text)):
            Double(text.unicodeScalars.count) <= most ? [] : ["\"\(text)\" is too long"]
        case ("pattern", .text(let pattern), .text(let text)):
            text.range(of: pattern, options: .regularExpression) != nil ? [] : ["\"\(text)\" is not \(pattern)"]
        case ("format", .text("date-time"), .text(let text)):
            text.range(of: Self.time, options: .regularExpression) != nil ? [] : ["\"\(text)\" is not a time"]
        case ("format", .text("binary"), .text): []
        case ("properties", .object, _), ("additionalProperties", .flag, _), ("required", .list, _),
            ("items", .object, _), ("minItems", .number, _), ("maxItems", .number, _), ("minimum", .number, _),
            ("maximum", .number, _), ("minLength", .number, _), ("maxLength", .number, _), ("pattern", .text, _),
            ("format", .text("date-time"), _), ("format", .text("binary"), _):
            // These keywords apply only to values of one type.
            []
        default: ["the schema has \(keyword): \(rule), which is not known here"]
        }
    }

    private func matches(_ value: JSONValue, _ schemas: [JSONValue]) -> Int {
        schemas.filter { faults(of: value, against: $0).isEmpty }.count
    }

    private func surplus(_ members: [String: JSONValue], _ keywords: [String: JSONValue]) -> [String] {
        guard case .object(let described) = keywords["properties"] else { return members.keys.sorted() }
        return members.keys.filter { described[$0] == nil }.sorted()
    }

    private func isOf(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("null", .null), ("boolean", .flag), ("number", .number), ("string", .text), ("array", .list),
            ("object", .object):
            true
        case ("integer", .number(let number)): number == number.rounded()
        default: false
        }
    }

    /// A time as the service writes it: in UTC, with a fraction of three digits or none.
    private static let time =
        #"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{3})?Z$"#
}

extension JSONValue {
    /// The text, if it is one.
    var text: String? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    /// A member of an object; nil where there is none.
    subscript(_ name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    /// The members of an object; none for anything else.
    var members: [String: JSONValue] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    /// The items of a list; none for anything else.
    var items: [JSONValue] {
        guard case .list(let items) = self else { return [] }
        return items
    }
}
