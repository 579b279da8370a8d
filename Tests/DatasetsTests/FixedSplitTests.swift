import Datasets
import Foundation
import Imaging
import Testing

/// Data sets whose split is fixed: Market-1501, DukeMTMC-reID, CUHK03, MSMT17.
@Suite struct FixedSplitTests {
    static let market = [
        "bounding_box_train/0002_c1s1_000451_03.jpg", "bounding_box_train/0007_c3s3_077419_03.jpg",
        "query/0001_c1s1_001051_00.jpg", "query/0003_c4s6_015641_00.jpg",
        "bounding_box_test/0001_c2s1_000301_00.jpg", "bounding_box_test/-1_c1s1_000401_03.jpg",
        "bounding_box_test/0000_c6s3_097567_05.jpg", "bounding_box_test/0003_c1s6_015996_02.jpg",
    ]

    @Test func `Market-1501 is read with its junk and its distractors`() throws {
        let folder = try DrawnFolder(Self.market, texts: ["query/Thumbs.db": "", "readme.txt": ""])
        let set = try folder.read(.market1501)
        let task = try #require(set.tasks.first)
        #expect(set.tasks.count == 1 && task.name.isEmpty && set.seed == nil && set.trainingImages == 2)
        #expect(
            folder.described(task.queries) == [
                "1 1 query/0001_c1s1_001051_00.jpg", "3 4 query/0003_c4s6_015641_00.jpg",
            ])
        #expect(
            folder.described(task.gallery) == [
                "-1 1 bounding_box_test/-1_c1s1_000401_03.jpg", "0 6 bounding_box_test/0000_c6s3_097567_05.jpg",
                "1 2 bounding_box_test/0001_c2s1_000301_00.jpg", "3 1 bounding_box_test/0003_c1s6_015996_02.jpg",
            ])
        #expect(
            set.notes.count == 1 && set.notes[0].contains("12936 / 3368 / 19732") && set.notes[0].contains("2 / 2 / 4"))
        for image in task.queries + task.gallery {
            let image = try decodeImage([UInt8](Data(contentsOf: URL(fileURLWithPath: image.path))))
            #expect((image.width, image.height) == (4, 12))
        }
    }

    @Test func `DukeMTMC-reID is read by its own names`() throws {
        let folder = try DrawnFolder([
            "bounding_box_train/0001_c2_f0046182.jpg", "query/0005_c2_f0046985.jpg",
            "bounding_box_test/0005_c5_f0051501.jpg",
        ])
        let task = try #require(try folder.read(.dukemtmc).tasks.first)
        #expect(folder.described(task.queries) == ["5 2 query/0005_c2_f0046985.jpg"])
        #expect(folder.described(task.gallery) == ["5 5 bounding_box_test/0005_c5_f0051501.jpg"])
    }

    /// Two dozen names in the authors' archive have this form.
    @Test func `Market-1501's names that end twice are read`() throws {
        let folder = try DrawnFolder([
            "query/1488_c1s6_023021_00.jpg.jpg", "bounding_box_test/-1_c4s6_022316_11.jpg.jpg",
            "bounding_box_test/0000_c1s6_023071_04.jpg.jpg", "bounding_box_test/1488_c2s3_065527_02.jpg.jpg",
        ])
        let task = try #require(try folder.read(.market1501).tasks.first)
        #expect(folder.described(task.queries) == ["1488 1 query/1488_c1s6_023021_00.jpg.jpg"])
        #expect(task.gallery.map(\.sighting.person) == [-1, 0, 1488])
        #expect(task.gallery.map(\.sighting.camera) == [4, 1, 2])
    }

    @Test(arguments: [(DatasetKind.market1501, "Market-1501-v15.09.15"), (DatasetKind.dukemtmc, "DukeMTMC-reID")])
    func `an archive's folder is found in its parent`(kind: DatasetKind, outer: String) throws {
        let folder = try DrawnFolder(Self.market.map { "\(outer)/\($0)" })
        let set = try folder.read(kind)
        #expect(set.tasks.first?.queries.count == 2 && set.trainingImages == 2)
    }

    @Test func `a folder of test images alone can be tested on`() throws {
        let folder = try DrawnFolder(Self.market)
        try folder.remove("bounding_box_train")
        #expect(try folder.read(.market1501).trainingImages == 0)
    }

    @Test(arguments: ["query", "bounding_box_test"])
    func `a folder without one of Market-1501's parts is refused by its place`(part: String) throws {
        let folder = try DrawnFolder(Self.market)
        try folder.remove(part)
        #expect(folder.refusal(.market1501)?.hasPrefix("DIR/\(part): expected a folder") == true)
        try folder.write([], to: "\(part)/notes.txt")
        #expect(
            folder.refusal(.market1501)
                == "DIR/\(part): expected images such as 0002_c1s1_000451_03.jpg, and there are none")
        try folder.write([1], to: "\(part)/holiday.jpg")
        #expect(
            folder.refusal(.market1501) == "DIR/\(part)/holiday.jpg: expected a name such as 0002_c1s1_000451_03.jpg")
    }

    @Test(arguments: DatasetKind.allCases)
    func `a folder that is not there is refused`(kind: DatasetKind) {
        #expect(throws: DatasetError.noFolder(path: "/nowhere/images", purpose: "the data set")) {
            try TestSet(kind, folder: "/nowhere/images")
        }
    }

    /// The images of `Fixtures/make_cuhk03_fixtures.py`.
    static let cuhk03 = (1...6).flatMap { person in
        [1, 2].flatMap { camera in (1...(person % 2 == 1 ? 2 : 1)).map { "1_00\(person)_\(camera)_0\($0).png" } }
    }

    func cuhk03(_ images: String, _ boxes: [String] = ["labeled", "detected"]) throws -> DrawnFolder {
        let folder = try DrawnFolder(Self.cuhk03.map { "\(images)/\($0)" })
        for name in boxes.map({ "cuhk03_new_protocol_config_\($0)" }) {
            let url = try #require(Bundle.module.url(forResource: "Fixtures/cuhk03/\(name)", withExtension: "mat"))
            try folder.write([UInt8](Data(contentsOf: url)), to: "\(name).mat")
        }
        return folder
    }

    @Test(arguments: [false, true], ["images_", "cuhk03_", ""])
    func `CUHK03 follows the lists of the new protocol`(isDetected: Bool, prefix: String) throws {
        let images = prefix + (isDetected ? "detected" : "labeled")
        let folder = try cuhk03(images)
        var options = TestSet.Options()
        options.isDetected = isDetected
        let set = try folder.read(.cuhk03, options)
        let task = try #require(set.tasks.first)
        #expect(set.trainingImages == 10)
        #expect(
            folder.described(task.queries)
                == ["4 1", "4 2", "5 1", "5 2", "6 1", "6 2"].map {
                    "\($0) \(images)/1_00\($0.prefix(1))_\($0.suffix(1))_01.png"
                })
        #expect(
            folder.described(task.gallery)
                == [
                    "5 1 \(images)/1_005_1_02.png", "5 2 \(images)/1_005_2_02.png",
                    "4 1 \(images)/1_004_1_01.png",
                ])
        #expect(set.notes.first == (isDetected ? "detected boxes" : "labeled boxes"))
    }

    @Test(arguments: [false, true], ["", "cuhk03-np/"])
    func `CUHK03 in the form of Market-1501 needs no lists`(isDetected: Bool, parent: String) throws {
        let boxes = parent + (isDetected ? "detected" : "labeled")
        let folder = try DrawnFolder(
            ["bounding_box_train/0001_c1_1.png", "query/0003_c1_22.png", "bounding_box_test/0003_c2_27.png"].map {
                "\(boxes)/\($0)"
            })
        var options = TestSet.Options()
        options.isDetected = isDetected
        let set = try folder.read(.cuhk03, options)
        let task = try #require(set.tasks.first)
        #expect(set.kind == .cuhk03 && set.trainingImages == 1)
        #expect(folder.described(task.queries) == ["3 1 \(boxes)/query/0003_c1_22.png"])
        #expect(folder.described(task.gallery) == ["3 2 \(boxes)/bounding_box_test/0003_c2_27.png"])
        #expect(set.notes.first == (isDetected ? "detected boxes" : "labeled boxes"))
        #expect(set.notes.last?.contains(isDetected ? "7365 / 1400 / 5332" : "7368 / 1400 / 5328") == true)
    }

    @Test func `CUHK03 without a list or a listed image is refused by its name`() throws {
        let folder = try cuhk03("images_labeled", ["detected"])
        let list = "cuhk03_new_protocol_config_labeled.mat"
        #expect(folder.refusal(.cuhk03)?.hasPrefix("DIR/\(list): expected a file") == true)
        try folder.write(Array("not a list".utf8), to: list)
        #expect(folder.refusal(.cuhk03) == "DIR/\(list): this is not a MATLAB 5 file")
        let other = try cuhk03("images_labeled", ["labeled"])
        try other.remove("images_labeled/1_005_2_01.png")
        #expect(
            other.refusal(.cuhk03)
                == "DIR/images_labeled/1_005_2_01.png: expected this image, which DIR/\(list) names")
        try other.remove("images_labeled")
        #expect(
            other.refusal(.cuhk03)
                == "DIR/images_labeled: expected a folder of images such as 1_001_1_01.png, and there is none")
    }

    static let msmt17Lists = [
        "list_train.txt": "0000/0000_000_01_0303morning_0015_0.jpg 0\n0001/0001_000_02_0303noon_0015_0_ex.jpg 1\n",
        "list_val.txt": "0002/0002_003_07_0303morning_0015_0.jpg 2\n",
        "list_query.txt": "0000/0000_045_12_0303morning_0006_2.jpg 0\r\n\r\n",
        "list_gallery.txt":
            "0000/0000_050_03_0303noon_0006_2.jpg 0\n0001/0001_000_12_0303morning_0006_2.jpg 1\n",
    ]

    static func msmt17(_ folder: String) -> [String] {
        [
            "\(folder)/0000/0000_045_12_0303morning_0006_2.jpg", "\(folder)/0000/0000_050_03_0303noon_0006_2.jpg",
            "\(folder)/0001/0001_000_12_0303morning_0006_2.jpg",
        ]
    }

    @Test(arguments: ["test", "mask_test_v2"], ["", "MSMT17_V1/", "MSMT17_V2/"])
    func `MSMT17's test people come after those it trains on`(test: String, parent: String) throws {
        let folder = try DrawnFolder(
            Self.msmt17("\(parent)\(test)"),
            texts: Dictionary(uniqueKeysWithValues: Self.msmt17Lists.map { (parent + $0, $1) }))
        let set = try folder.read(.msmt17)
        let task = try #require(set.tasks.first)
        #expect(set.trainingImages == 3)
        let place = "\(parent)\(test)"
        #expect(folder.described(task.queries) == ["3 12 \(place)/0000/0000_045_12_0303morning_0006_2.jpg"])
        #expect(
            folder.described(task.gallery) == [
                "3 3 \(place)/0000/0000_050_03_0303noon_0006_2.jpg",
                "4 12 \(place)/0001/0001_000_12_0303morning_0006_2.jpg",
            ])
    }

    @Test(arguments: msmt17Lists.keys.sorted())
    func `MSMT17 without a list, or with a line that is none, is refused by its place`(list: String) throws {
        let folder = try DrawnFolder(Self.msmt17("test"), texts: Self.msmt17Lists)
        for line in ["0000/a.jpg 0", "0000/0000_045_12_0303morning_0006_2.jpg", "../0_0_1_0.jpg 0", "0/0_0_x_0.jpg 0"] {
            try folder.write(Array("\n\(line)\n".utf8), to: list)
            #expect(folder.refusal(.msmt17)?.hasPrefix("DIR/\(list), line 2: expected a line such as") == true)
        }
        try folder.remove(list)
        #expect(folder.refusal(.msmt17) == "DIR/\(list): expected a file with a list of MSMT17, and there is none")
    }

    @Test func `MSMT17 without a listed image or its folder is refused by its place`() throws {
        let folder = try DrawnFolder(Self.msmt17("test"), texts: Self.msmt17Lists)
        try folder.remove("test/0001/0001_000_12_0303morning_0006_2.jpg")
        #expect(
            folder.refusal(.msmt17)
                == "DIR/test/0001/0001_000_12_0303morning_0006_2.jpg: expected this image, which DIR/list_gallery.txt names"
        )
        try folder.remove("test")
        #expect(folder.refusal(.msmt17)?.hasPrefix("DIR/test: expected a folder of test images") == true)
    }
}
