/// The parts of a file name of Market-1501: `0002_c1s1_000451_03.jpg` is person, camera and sequence, frame, box.
public struct MarketName: Sendable, Equatable {
    /// The person's number: `Sighting.junkPerson` for junk, 0 for a distractor.
    public let person: Int
    /// The person's number as written, also "0000" (a distractor); nil for "-1" (junk).
    public let personID: String?
    /// The camera's number.
    public let camera: Int
    /// The camera as written, such as "c1".
    public let cameraID: String
    /// The sequence of the camera's recording; nil if only the start of the name is like Market-1501.
    public private(set) var sequence: Int?
    /// The frame within the sequence; nil if `sequence` is nil.
    public private(set) var frame: Int?
    /// The number of the box in the frame; nil if `sequence` is nil.
    public private(set) var box: Int?

    /// Reads the last component of `path`; nil if it is not a name like those of Market-1501.
    public init?(_ path: String) {
        let file = path.split(separator: "/").last ?? ""
        self.init(startOf: String(file))
        guard let dot = file.lastIndex(of: "."),
            ["jpg", "jpeg", "png"].contains(file[file.index(after: dot)...].lowercased())
        else { return nil }
        let fields = file[..<dot].split(separator: "_", omittingEmptySubsequences: false)
        guard fields.count == 4, fields[1].dropFirst(cameraID.count).first == "s",
            let sequence = Self.number(fields[1].dropFirst(cameraID.count + 1)), let frame = Self.number(fields[2]),
            let box = Self.number(fields[3])
        else { return nil }
        (self.sequence, self.frame, self.box) = (sequence, frame, box)
    }

    /// Whether the last component of `path` looks like a file name of a published data set, even if not all of it can
    /// be read.
    ///
    /// Such as `0005_c2_f0046985.jpg` of DukeMTMC-reID or `0000_045_12_0303morning_0006_2.jpg` of MSMT17.
    public static func resembles(_ path: String) -> Bool {
        let file = String(path.split(separator: "/").last ?? "")
        return MarketName(startOf: file) != nil || msmt17Camera(of: file) != nil
    }

    /// Reads person and camera from a file name that starts like those of Market-1501; nil for other names.
    ///
    /// DukeMTMC-reID (`0005_c2_f0046985.jpg`) and CUHK03-NP (`0001_c1_1.png`) use such names.
    public init?(startOf name: String) {
        let fields = name.split(separator: "_", omittingEmptySubsequences: false)
        guard fields.count >= 2, fields[1].first == "c" else { return nil }
        let digits = fields[1].dropFirst().prefix { $0.isASCII && $0.isNumber }
        guard let person = fields[0] == "-1" ? Sighting.junkPerson : Self.number(fields[0]),
            let camera = Self.number(digits)
        else { return nil }
        (self.person, self.camera) = (person, camera)
        personID = person == Sighting.junkPerson ? nil : String(fields[0])
        cameraID = "c\(digits)"
    }

    /// The value of a text of 1 to 12 digits; nil for other texts.
    private static func number(_ text: Substring) -> Int? { 1...12 ~= text.utf8.count ? text.digits : nil }
}
