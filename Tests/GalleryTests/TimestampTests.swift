import Foundation
import Gallery
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-22T10:00:00Z", 1_795_341_600_000), ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T12:34:56.7Z", 951_827_696_700), ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("2026-11-22T10:00:00+00:00", 1_795_341_600_000),
        ("2026-11-22T10:00:00.123456789Z", 1_795_341_600_123),
    ])
    func `a well-formed time is read`(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22 10:00:00Z", "2026-11-22t10:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T23:59:60Z", "2026-11-22T10:00:00+01:00",
        "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00.1234567890Z", "2026-11-22T10:00:00Z ", "+026-11-22T10:00:00Z",
        "2026-11-22T10:00:00ZZ", "٢٠٢٦-11-22T10:00:00Z",
    ])
    func `anything else is refused`(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    @Test(arguments: Array(stride(from: Int64(-70_000_000_000_000), to: 250_000_000_000_000, by: 1_234_567_890_123)))
    func `writing agrees with Foundation and reads back`(milliseconds: Int64) throws {
        // Foundation uses the Julian calendar before 1582.
        let time = Timestamp(milliseconds: milliseconds / 1000 * 1000)
        guard time.milliseconds > -62_135_596_800_000 else { return }
        #expect(Timestamp(rfc3339: time.rfc3339) == time)
        guard time.milliseconds > -12_000_000_000_000 else { return }
        let date = Date(timeIntervalSince1970: Double(time.milliseconds) / 1000)
        #expect(time.rfc3339 == date.formatted(.iso8601))
    }

    @Test func `a fraction is written only where there is one`() {
        #expect(Timestamp(milliseconds: 1000).rfc3339 == "1970-01-01T00:00:01Z")
        #expect(Timestamp(milliseconds: 1007).rfc3339 == "1970-01-01T00:00:01.007Z")
    }

    @Test func `JSON holds the text`() throws {
        let time = Timestamp(milliseconds: 1_795_341_600_000)
        let data = try JSONEncoder().encode([time])
        #expect(String(decoding: data, as: UTF8.self) == #"["2026-11-22T10:00:00Z"]"#)
        #expect(try JSONDecoder().decode([Timestamp].self, from: data) == [time])
        #expect(throws: DecodingError.self) { try JSONDecoder().decode([Timestamp].self, from: Data(#"["now"]"#.utf8)) }
    }
}
