import Foundation
import Gallery
import Glibc
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2026-11-22T10:00:00Z", 1_795_341_600_000), ("1969-12-31T23:59:59.999Z", -1),
        ("2000-02-29T12:34:56.7Z", 951_827_696_700), ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("2026-11-22T10:00:00+00:00", 1_795_341_600_000),
        ("2026-11-22T10:00:00.123456789Z", 1_795_341_600_123), ("2026-11-22T10:00:00.999999999Z", 1_795_341_600_999),
        ("1969-12-31T23:59:59.9999Z", -1), ("2026-11-22T11:00:00+01:00", 1_795_341_600_000),
        ("2026-11-22T04:30:00.05-05:30", 1_795_341_600_050), ("2026-11-23T09:59:00+23:59", 1_795_341_600_000),
        ("2026-11-22T10:00:00-00:00", 1_795_341_600_000), ("2026-11-22t10:00:00z", 1_795_341_600_000),
        ("2000-03-01T00:30:00+01:00", 951_867_000_000), ("0000-01-01T00:00:00Z", -62_167_219_200_000),
    ])
    func `a well-formed time is read`(text: String, milliseconds: Int64) {
        #expect(Timestamp(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "", "2026-11-22", "2026-11-22T10:00:00", "2026-11-22 10:00:00Z", "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-11-22T24:00:00Z", "2026-11-22T10:60:00Z", "2026-11-22T23:59:60Z",
        "2026-11-22T10:00:00.Z", "2026-11-22T10:00:00.1234567890Z", "2026-11-22T10:00:00Z ", "+026-11-22T10:00:00Z",
        "2026-11-22T10:00:00ZZ", "٢٠٢٦-11-22T10:00:00Z", "2026-1-22T10:00:00Z", "2026-11-22T1:00:00Z",
        "20261122T100000Z", "2026-11-22T10:00:00+0100", "2026-11-22T10:00:00+01", "2026-11-22T10:00:00+24:00",
        "2026-11-22T10:00:00+01:60", "2026-11-22T10:00:00+01:00:00", "2026-11-22T10:00:00+01:00Z",
        "2026-11-22T10:00:00GMT", "2026-11-22T10:00:00UTC", "2026-11-22T10:00:00 01:00",
        "2026-11-22T10:00:00\u{2212}01:00",
        "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "2100-02-29T00:00:00Z", "2026-11-22T23:59:60+01:00",
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

    @Test func `the ends of months are where the C library has them`() {
        for year in Array(stride(from: 1, through: 9999, by: 41)) + Array(stride(from: 100, through: 9900, by: 100)) {
            for month in 1...12 {
                var parts = unsafe tm()
                // Day 0 of the next month is the last day of this month.
                unsafe (parts.tm_year, parts.tm_mon, parts.tm_mday) = (Int32(year - 1900), Int32(month), 0)
                let seconds = unsafe timegm(&parts)
                let time = Timestamp(milliseconds: Int64(seconds) * 1000)
                let day = unsafe parts.tm_mday
                let written = time.rfc3339
                #expect(written.hasSuffix("-\(day)T00:00:00Z"))
                #expect(written.prefix(7) == String(format: "%04d-%02d", year, month))
                #expect(Timestamp(rfc3339: written) == time)
                #expect(Timestamp(rfc3339: written.replacing("-\(day)T", with: "-\(day + 1)T")) == nil)
            }
        }
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
