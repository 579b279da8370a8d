import Testing

@testable import ReIDService

/// Tests the validator that checks every answer of the service, with valid and invalid documents made by hand.
@Suite struct JSONSchemaValidatorTests {
    /// A schema with a document that is valid and documents that are not.
    struct Case: Sendable, CustomTestStringConvertible {
        let schema: JSONValue
        let good: [JSONValue]
        let bad: [JSONValue]
        var testDescription: String { "\(schema)" }
    }

    static let cases = types + sizes + compositions + unknown

    private static let types: [Case] = [
        Case(schema: ["type": "null"], good: [.null], bad: [false, 0, "", [], [:]]),
        Case(schema: ["type": "boolean"], good: [true, false], bad: [.null, 0, "true", [], [:]]),
        Case(schema: ["type": "integer"], good: [0, -3, 2.0], bad: [.null, 0.5, "1", true]),
        Case(schema: ["type": "number"], good: [0, 0.5, -1e9], bad: [.null, "1", true, []]),
        Case(schema: ["type": "string"], good: ["", "a"], bad: [.null, 1, ["a"]]),
        Case(schema: ["type": ["string", "null"]], good: ["a", .null], bad: [1, true, []]),
        Case(
            schema: ["type": "array", "items": ["type": "integer"]], good: [[], [1, 2]], bad: [[1, "2"], [[1]], [:]]),
    ]

    private static let sizes: [Case] = [
        Case(schema: ["minItems": 1, "maxItems": 2], good: [[1], [1, 2], "any"], bad: [[], [1, 2, 3]]),
        Case(schema: ["minimum": -1, "maximum": 1], good: [-1, 0.5, 1, "9"], bad: [-1.01, 1.01]),
        Case(schema: ["minLength": 1, "maxLength": 2], good: ["a", "äö", "😀😀", 5], bad: ["", "abc"]),
        Case(schema: ["pattern": "^[a-z]+$"], good: ["abc", 7], bad: ["", "aB", "a b"]),
        Case(schema: ["enum": ["a", "b", .null]], good: ["a", .null], bad: ["c", 1, ["a"]]),
        Case(
            schema: ["format": "date-time"],
            good: ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00.250Z", 3],
            bad: ["2026-11-22", "2026-13-22T10:00:00Z", "2026-11-22T10:00:00", "2026-11-22T10:00:00.5Z", ""]),
    ]

    private static let compositions: [Case] = [
        Case(
            schema: [
                "type": "object", "properties": ["a": ["type": "integer"], "b": ["type": "string"]],
                "required": ["a"], "additionalProperties": false,
            ],
            good: [["a": 1], ["a": 1, "b": "x"]], bad: [[:], ["b": "x"], ["a": "1"], ["a": 1, "c": 1], []]),
        Case(
            schema: ["anyOf": [["type": "string"], ["minimum": 3]]], good: ["a", 3, "anything"], bad: [1, 2.5]),
        Case(
            schema: ["oneOf": [["type": "integer"], ["minimum": 3]]], good: [1, 3.5], bad: [4, 0.5]),
        Case(schema: ["$ref": "#/parts/word"], good: ["a"], bad: [1, ""]),
        Case(schema: ["items": ["$ref": "#/parts/list"]], good: [[["a"], []]], bad: [[[1]], [["a", ""]], ["a"]]),
        Case(schema: ["description": "any", "default": 3], good: [.null, 1, "a"], bad: []),
    ]

    /// Schemas with keywords that the validator does not know; they must not pass.
    private static let unknown: [Case] = [
        Case(schema: ["$ref": "#/parts/none"], good: [], bad: [1, "a"]),
        Case(schema: ["multipleOf": 2], good: [], bad: [2, "a"]),
        Case(schema: ["format": "color"], good: [], bad: ["red"]),
        Case(schema: true, good: [], bad: [1]),
    ]

    private static let validator = JSONSchemaValidator(document: [
        "parts": [
            "word": ["type": "string", "minLength": 1],
            "list": ["type": "array", "items": ["$ref": "#/parts/word"]],
        ]
    ])

    @Test(arguments: cases) func `a schema takes what it describes, and nothing else`(_ example: Case) {
        for value in example.good {
            #expect(Self.validator.faults(of: value, against: example.schema) == [], "\(value)")
        }
        for value in example.bad {
            #expect(!Self.validator.faults(of: value, against: example.schema).isEmpty, "\(value)")
        }
    }

    @Test func `a fault names its place`() {
        let schema: JSONValue = ["properties": ["rows": ["items": ["properties": ["rank": ["type": "integer"]]]]]]
        let faults = Self.validator.faults(of: ["rows": [["rank": 1], ["rank": "2"]]], against: schema)
        #expect(faults.count == 1)
        #expect(faults.first?.hasPrefix("/rows/1/rank: ") == true)
    }
}
