/// A JSON Schema (draft 2020-12), in the keywords that the API's description uses.
struct Schema: Sendable {
    /// The keywords and their values.
    var keywords: [String: JSONValue]

    /// The meaning of the value.
    var description: String? {
        guard case .text(let description) = keywords["description"] else { return nil }
        return description
    }

    /// The schema as JSON.
    var json: JSONValue { .object(keywords) }

    /// The same value, or null.
    var orNull: Schema {
        var schema = self
        if case .text(let type) = keywords["type"] {
            schema.keywords["type"] = [.text(type), "null"]
            if case .list(let choices) = keywords["enum"] { schema.keywords["enum"] = .list(choices + [.null]) }
        } else {
            schema.keywords = ["anyOf": [json, ["type": "null"]]]
            schema.keywords["description"] = keywords["description"]
        }
        return schema
    }

    /// The same schema with a default.
    func usually(_ value: JSONValue) -> Schema {
        var schema = self
        schema.keywords["default"] = value
        return schema
    }
}

extension Schema {
    /// Bytes that are not text.
    static let bytes = Schema(keywords: ["type": "string", "format": "binary"])

    /// A reference to the component with this name.
    static func component(_ name: String) -> Schema {
        Schema(keywords: ["$ref": .text("#/components/schemas/\(name)")])
    }

    /// A text of any length.
    static func text(_ description: String) -> Schema { typed("string", description) }

    /// A text as `TextLimits` allows it.
    static func option(_ description: String, bytes: Int = TextLimits.bytes) -> Schema {
        typed(
            "string", "\(description) At most \(bytes) bytes of UTF-8.",
            ["minLength": 1, "maxLength": .number(Double(bytes)), "pattern": #"^[^\x00-\x1f\x7f-\x9f]+$"#])
    }

    /// A time in UTC, in the format of RFC 3339.
    static func time(_ description: String) -> Schema { typed("string", description, ["format": "date-time"]) }

    /// One of some texts.
    static func choice(_ description: String, _ choices: [String]) -> Schema {
        typed("string", description, ["enum": .list(choices.map(JSONValue.text))])
    }

    /// One of the raw values of an enumeration.
    static func choice<Choice>(_ description: String, of type: Choice.Type) -> Schema
    where Choice: RawRepresentable<String> & CaseIterable {
        choice(description, type.allCases.map(\.rawValue))
    }

    /// True or false.
    static func flag(_ description: String) -> Schema { typed("boolean", description) }

    /// A whole number within `range`.
    static func integer(_ description: String, in range: ClosedRange<Int>) -> Schema {
        typed(
            "integer", description,
            ["minimum": .number(Double(range.lowerBound)), "maximum": .number(Double(range.upperBound))])
    }

    /// A whole number that is not negative.
    static func count(_ description: String) -> Schema { typed("integer", description, ["minimum": 0]) }

    /// A number, within `range` if that is given.
    static func number(_ description: String, in range: ClosedRange<Double>? = nil) -> Schema {
        guard let range else { return typed("number", description) }
        return typed(
            "number", description, ["minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)])
    }

    /// A list of values of one kind.
    static func list(_ description: String, of items: Schema, count: ClosedRange<Int>? = nil) -> Schema {
        var more: [String: JSONValue] = ["items": items.json]
        if let count {
            more["minItems"] = .number(Double(count.lowerBound))
            more["maxItems"] = .number(Double(count.upperBound))
        }
        return typed("array", description, more)
    }

    /// An object with exactly these members; only those in `optional` may be absent.
    static func object(
        _ description: String, _ members: [String: Schema], optional: Set<String> = []
    ) -> Schema {
        let required = members.keys.filter { !optional.contains($0) }.sorted()
        return typed(
            "object", description,
            [
                "properties": .object(members.mapValues(\.json)), "additionalProperties": false,
                "required": .list(required.map(JSONValue.text)),
            ])
    }

    /// A page of a list.
    static func page(of name: String) -> Schema {
        object(
            "A page of a list.",
            [
                "items": .list("The page's items.", of: .component(name)),
                "next": .text("The `cursor` of the next page; null at the end.").orNull,
            ])
    }

    private static func typed(_ type: String, _ description: String, _ more: [String: JSONValue] = [:]) -> Schema {
        var keywords = more
        keywords["type"] = .text(type)
        keywords["description"] = .text(description)
        return Schema(keywords: keywords)
    }
}
