/// What a file name of Market-1501 says: `0002_c1s1_000451_03.jpg` is person, camera and sequence, frame, box.
public struct MarketName: Sendable, Equatable {
    /// The person's number as written, "0000" (a distractor) too; nil for "-1" (junk).
    public let personID: String?
    /// The camera, such as "c1".
    public let cameraID: String
    /// The sequence of the camera's recording.
    public let sequence: Int
    /// The frame within the sequence.
    public let frame: Int
    /// The number of the box in the frame.
    public let box: Int

    /// Reads the last component of `path`; nil if it is not named like this.
    public init?(_ path: String) {
        let file = path.split(separator: "/").last ?? ""
        guard let dot = file.lastIndex(of: "."),
            ["jpg", "jpeg", "png"].contains(file[file.index(after: dot)...].lowercased())
        else { return nil }
        let fields = file[..<dot].split(separator: "_", omittingEmptySubsequences: false)
        guard fields.count == 4, fields[0] == "-1" || Self.isNumber(fields[0]) else { return nil }
        let view = fields[1].split(separator: "s", omittingEmptySubsequences: false)
        guard view.count == 2, view[0].first == "c", Self.isNumber(view[0].dropFirst()),
            let sequence = Self.number(view[1]), let frame = Self.number(fields[2]), let box = Self.number(fields[3])
        else { return nil }
        personID = fields[0] == "-1" ? nil : String(fields[0])
        cameraID = String(view[0])
        self.sequence = sequence
        self.frame = frame
        self.box = box
    }

    private static func isNumber(_ text: Substring) -> Bool {
        1...12 ~= text.utf8.count && text.utf8.allSatisfy { 0x30...0x39 ~= $0 }
    }

    private static func number(_ text: Substring) -> Int? { isNumber(text) ? Int(text) : nil }
}
