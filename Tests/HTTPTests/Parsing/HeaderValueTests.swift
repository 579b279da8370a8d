import Testing

@testable import HTTP

@Suite struct MediaTypeTests {
    @Test func `type, subtype and parameters are read, names in lower case`() throws {
        let type = try #require(MediaType(parsing: "Multipart/Form-Data ; Boundary=\"a \\\"b\\\\\" ;charset=UTF-8"))
        #expect(type.essence == "multipart/form-data")
        #expect(type["boundary"] == "a \"b\\" && type["charset"] == "UTF-8" && type["x"] == nil)
    }

    @Test(arguments: [
        "", "image", "image/", "/jpeg", "image/jpeg;", "image/jpeg; a", "image/jpeg; a=", "image/jpeg; a = b",
        "image/jpeg; a=b; A=c", "image/jpeg a=b", "image/jpeg; a=\"b", "image/jpeg; a=\"b\"c", "image /jpeg",
        "image/jpeg, x/y",
        " image/jpeg",
    ])
    func `anything else is none`(value: String) {
        #expect(MediaType(parsing: value) == nil)
    }

    @Test func `token bytes are those of RFC 9110`() {
        let token = Set("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".utf8)
        for byte in UInt8.min ... .max { #expect(isTokenByte(byte) == token.contains(byte), "byte \(byte)") }
    }
}

@Suite struct EntityTagTests {
    @Test(arguments: [
        ("\"3\"", true), ("W/\"3\"", true), ("*", true), ("\"2\", \"3\"", true), ("\"2\",W/\"3\" , \"4\"", true),
        (",\"3\",", true), ("\"4\"", false), ("3", false), ("", false), ("w/\"3\"", false), ("\"3", false),
        ("\"3\" \"4\"", false),
        ("\"4\", *", false), ("\"3\"x", false), ("\" 3\"", false),
    ])
    func `If-None-Match is a list, compared weakly`(field: String, matches: Bool) {
        #expect(EntityTag("3").isMatched(byIfNoneMatch: field) == matches)
        #expect(EntityTag("3", isWeak: true).isMatched(byIfNoneMatch: field) == matches)
    }

    @Test func `no field matches nothing, and a tag is written with its quotes`() {
        #expect(!EntityTag("3").isMatched(byIfNoneMatch: nil))
        #expect(EntityTag("3").description == "\"3\"" && EntityTag("a", isWeak: true).description == "W/\"a\"")
    }

    @Test func `a date is written as RFC 9110 has it`() {
        #expect(DateClock.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(DateClock.format(1_709_251_199) == "Thu, 29 Feb 2024 23:59:59 GMT")
    }
}
