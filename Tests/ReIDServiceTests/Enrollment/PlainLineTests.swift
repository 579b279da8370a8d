import Datasets
import Foundation
import Testing

@testable import ReIDService

/// The fast reader of lines, against the C library's `strtof` and the general reader of JSON.
@Suite struct PlainLineTests {
    /// A generator of test inputs: splitmix64 with a fixed seed.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var value = state
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return value ^ (value >> 31)
        }
    }

    /// What the fast reader makes of a text that is one number; nil also if it leaves anything of it.
    private func fast(_ text: String) -> Float? {
        let bytes = Array(text.utf8)
        var position = 0
        let value = nearestFloat(in: bytes.span, at: &position)
        #expect(value == nil ? position == 0 : position <= bytes.count)
        return position == bytes.count ? value : nil
    }

    @Test func `usual numbers are read, as the C library reads them`() {
        var numbers = Numbers(state: 1)
        var texts = ["0", "-0", "0.0", "-0.000", "0e5", "1", "-1", "10", "123456789", "1e-3", "2.5E+2", "0.1", "1E0"]
        for _ in 0..<4000 {
            let float = Float.random(in: -1...1, using: &numbers)
            let small = float * Float.random(in: 0...1e-6, using: &numbers)
            let double = Double.random(in: -1...1, using: &numbers)
            texts += ["\(float)", "\(Double(float))", "\(small)", "\(double)", String(format: "%.6f", double)]
            texts += [String(format: "%.9e", float), String(format: "%.25f", double)]
        }
        for text in texts {
            let expected = unsafe strtof(text, nil)
            #expect(fast(text)?.bitPattern == expected.bitPattern, "\(text)")
        }
    }

    @Test func `a number is read correctly rounded or left to the general reader`() {
        var numbers = Numbers(state: 2)
        // In the middle between two float32, and a little beside it, as whole numbers and as fractions.
        var texts = [
            "16777217", "16777219", "16777217.0000000000000000001", "16777216.9999999999999999999", "8388609.5",
            "1.00000005960464477539062500", "1.00000005960464477539062501", "1.00000005960464477539062499",
            "9007199254740993", "9999999999999999999", "99999999999999999999", "3.4028235e38", "3.4028236e38", "1e39",
            "1.17549435e-38", "1.4e-45", "1e-46", "1e-400", "1e400", "123e-44", "123e-45", "5e22", "5e23",
            "0.\(String(repeating: "0", count: 60))1", "1\(String(repeating: "0", count: 40))",
        ]
        for _ in 0..<3000 {
            let float = Float(bitPattern: UInt32.random(in: 0..<0x7F80_0000, using: &numbers))
            let middle = (Double(float) + Double(float.nextUp)) / 2
            texts += [
                "\(float)", "\(middle)", "\(middle.nextUp)", "\(middle.nextDown)", String(format: "%.40f", middle),
            ]
            let digits = UInt64.random(in: 0...UInt64.max, using: &numbers)
            texts.append(
                "\(digits >> UInt64.random(in: 0..<64, using: &numbers))e\(Int.random(in: -60...40, using: &numbers))")
        }
        for text in texts {
            guard let value = fast(text) else { continue }
            let expected = unsafe strtof(text, nil)
            #expect(value.bitPattern == expected.bitPattern, "\(text)")
        }
    }

    @Test(arguments: [
        "", "-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1e", "1e+", "1E-", "e5", "NaN", "nan", "Infinity", "inf",
        "0x1", "--1", "1 ", "1,", "1.5.5", "1e5.5", "١",
    ])
    func `what is no JSON number alone is not read as one`(text: String) {
        #expect(fast(text) == nil)
    }

    /// What a reader makes of a line.
    private func outcome(_ line: [UInt8], _ style: ManifestItem.Style) -> Result<ManifestItem, any Error> {
        Result { try ManifestItem(line: line, style: style) }
    }

    @Test func `every change of a line is read as the general reader reads it`() throws {
        let inline = #"{"embedding": [0.25, -1.5e-3,3], "model":"sha256:00", "person_id" : "é7", "image": null}"#
        let named = #"{"image": "in/a.jpg", "camera_id": "c1", "captured_at": "2026-11-22T10:00:00.5Z"}"#
        var numbers = Numbers(state: 3)
        let signs = Array(#"{}[]",:.-+eE019nul \/aé"#.utf8) + [0, 9, 10, 13, 0x1F, 0xC3, 0xFF]
        var plain = 0
        for (text, style) in [(inline, ManifestItem.Style.inline), (named, .named), (named, .rows)] {
            let line = Array(text.utf8)
            // A line feed before the line is the only difference, and makes it one for the general reader.
            #expect(try outcome(line, style).get() == outcome([10] + line, style).get())
            for _ in 0..<700 {
                var changed = line
                for _ in 0...Int.random(in: 0...1, using: &numbers) {
                    let place = Int.random(in: 0..<changed.count, using: &numbers)
                    switch Int.random(in: 0...3, using: &numbers) {
                    case 0: changed.remove(at: place)
                    case 1: changed.insert(signs[Int.random(in: 0..<signs.count, using: &numbers)], at: place)
                    case 2: changed[place] = signs[Int.random(in: 0..<signs.count, using: &numbers)]
                    default: changed += changed[place...]
                    }
                }
                if PlainLine(changed, names: ["image", "camera_id", "captured_at"], takesEmbedding: false) != nil {
                    plain += 1
                }
                switch (outcome(changed, style), outcome([10] + changed, style)) {
                case (.success(let item), .success(let expected)):
                    #expect(item == expected, "\(String(decoding: changed, as: UTF8.self))")
                case (.failure(let error), .failure(let expected)):
                    #expect((error as? ManifestError) == (expected as? ManifestError))
                default: Issue.record("one reader refuses \(String(decoding: changed, as: UTF8.self))")
                }
            }
        }
        #expect(plain > 20)
    }

    @Test func `a plain line is read without the general reader, any other is left to it`() {
        func read(_ text: String) -> PlainLine? {
            PlainLine(Array(text.utf8), names: ["image", "person_id"], takesEmbedding: true)
        }
        let line = read("\t{\"image\" :\"a\\u00e9\"}")
        #expect(line == nil)
        let plain = read(#" {"person_id": "é", "image": null ,"embedding":[ 1, -2.5 ] }  "# + "\r")
        #expect(plain?.texts == ["person_id": "é"])
        #expect(plain?.embedding == [1, -2.5])
        for text in [
            "", "{}", "[1]", #"{"image": "a",}"#, #"{"image": "a"} {}"#, #"{"image": "a", "image": "b"}"#,
            #"{"image": "a", "image": null}"#, #"{"camera_id": "c"}"#, #"{"image": 1}"#, #"{"embedding": []}"#,
            #"{"embedding": [1,]}"#, #"{"embedding": [[1]]}"#, #"{"embedding": [1}"#, #"{"image": "a"#,
        ] {
            #expect(read(text) == nil, "\(text)")
        }
    }
}
