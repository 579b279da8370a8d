import Datasets
import Foundation
import Imaging
import Testing

/// Data sets whose people are split at random: VIPeR, CUHK01, 3DPeS.
@Suite struct RandomSplitTests {
    static let viper = (0..<7).flatMap { ["cam_a/00\($0)_45.bmp", "cam_b/00\($0)_90.bmp"] } + ["cam_a/007_0.bmp"]
    static let cuhk01 = (1...5).flatMap { person in (1...4).map { "campus/000\(person)00\($0).png" } }
    static let threeDPeS = (1...6).flatMap { person in
        (1...(person == 6 ? 1 : person)).map { "RGB/\(person)_\($0)_FRAME_\($0 * 25)_RGB.bmp" }
    }

    /// Checks what is true for every split: half of the people, both directions, all their images.
    func expectHalves(_ set: TestSet, chosen: Int, splits: Int = 10) {
        #expect(set.tasks.count == 2 * splits)
        for split in 0..<splits {
            let (forth, back) = (set.tasks[2 * split], set.tasks[2 * split + 1])
            #expect(forth.name == "split \(split + 1), A to B" && back.name == "split \(split + 1), B to A")
            #expect(forth.queries == back.gallery && forth.gallery == back.queries)
            let people = Set(forth.queries.map(\.sighting.person))
            #expect(people.count == chosen && people == Set(forth.gallery.map(\.sighting.person)))
            #expect(
                Set(forth.queries.map(\.sighting.camera)) == [1] && Set(forth.gallery.map(\.sighting.camera)) == [2])
        }
    }

    @Test func `VIPeR is halved ten times, with the people of both cameras alone`() throws {
        let folder = try DrawnFolder(Self.viper)
        let set = try folder.read(.viper)
        expectHalves(set, chosen: 4)
        #expect(set.seed == 1)
        let all = set.tasks.flatMap(\.queries)
        #expect(Set(folder.described(all)).count == 14 && !all.contains { $0.sighting.person == 7 })
        #expect(folder.described(all).contains("3 1 cam_a/003_45.bmp"))
        let file = try Data(contentsOf: URL(fileURLWithPath: all[0].path))
        #expect(try decodeImage([UInt8](file), formats: ImageFormat.allCases).height == 12)
        #expect(set.notes[0].hasPrefix("4 of 7 people, drawn at random 10 times from seed 1"))
    }

    @Test func `an archive's folder is found in its parent`() throws {
        expectHalves(try DrawnFolder(Self.viper.map { "VIPeR/\($0)" }).read(.viper), chosen: 4)
        expectHalves(try DrawnFolder(Self.threeDPeS.map { "3DPeS/\($0)" }).read(.threeDPeS), chosen: 2)
    }

    @Test func `CUHK01's first two views are one camera's`() throws {
        let folder = try DrawnFolder(Self.cuhk01)
        let set = try folder.read(.cuhk01)
        expectHalves(set, chosen: 3)
        #expect(set.tasks.allSatisfy { $0.queries.count == 6 && $0.gallery.count == 6 })
        #expect(folder.described(set.tasks.flatMap(\.queries)).contains("2 1 campus/0002002.png"))
        #expect(folder.described(set.tasks.flatMap(\.gallery)).contains("2 2 campus/0002003.png"))
    }

    @Test func `3DPeS's sequences are halved at random into two cameras`() throws {
        let folder = try DrawnFolder(Self.threeDPeS)
        let set = try folder.read(.threeDPeS)
        // Persons 2 to 5 have enough sequences.
        expectHalves(set, chosen: 2)
        for task in set.tasks {
            for person in Set(task.queries.map(\.sighting.person)) {
                let (a, b) = (
                    task.queries.count { $0.sighting.person == person },
                    task.gallery.count { $0.sighting.person == person }
                )
                #expect(a + b == person && abs(a - b) <= 1)
                #expect(Set((task.queries + task.gallery).map(\.path)).count == task.queries.count + task.gallery.count)
            }
        }
        #expect(set.notes.contains { $0.contains("this program's own") })
    }

    @Test func `frames of one of 3DPeS's sequences stay together`() throws {
        let sequences = ["94_790", "94_792", "95_798", "96_812", "96_815_B"]
        let folder = try DrawnFolder(sequences.flatMap { ["\($0)_FRAME_43_RGB.bmp", "\($0)_FRAME_135_RGB.bmp"] })
        let set = try folder.read(.threeDPeS)
        expectHalves(set, chosen: 1)
        for task in set.tasks {
            for images in [task.queries, task.gallery] {
                let paths = images.map(\.path)
                let sequence = sequences.first { name in paths.allSatisfy { $0.contains("/\(name)_FRAME_") } }
                #expect(paths.count == 2 && sequence != nil)
            }
        }
        #expect(set.notes.contains("1 of 3 people with a single sequence left out"))
        #expect(set.notes.contains("3 people, 192 in the published 3DPeS"))
    }

    @Test(arguments: [DatasetKind.viper, .cuhk01, .threeDPeS])
    func `a seed gives the same splits again, and another one others`(kind: DatasetKind) throws {
        let folder = try DrawnFolder(Self.viper + Self.cuhk01 + Self.threeDPeS)
        var options = TestSet.Options()
        let first = try folder.read(kind, options)
        #expect(try folder.read(kind, options) == first)
        options.seed = 2
        let second = try folder.read(kind, options)
        #expect(second.tasks != first.tasks && second.seed == 2)
        options.seed = 1
        options.splits = 3
        let fewer = try folder.read(kind, options).tasks
        #expect(fewer == Array(first.tasks.prefix(6)))
    }

    /// Held against another implementation of SplitMix64 and Fisher and Yates, in Python.
    @Test func `splits are those that another program draws from the seed`() throws {
        let folder = try DrawnFolder(Self.viper)
        var options = TestSet.Options()
        options.seed = 42
        let set = try folder.read(.viper, options)
        let people = stride(from: 0, to: 6, by: 2).map { set.tasks[$0].queries.map(\.sighting.person) }
        #expect(people == [[0, 1, 3, 4], [0, 1, 2, 5], [0, 1, 5, 6]])
    }

    @Test func `an image or a camera that is missing is refused by its place`() throws {
        let folder = try DrawnFolder(["cam_a/000_45.bmp", "cam_b/001_45.bmp", "000100.png", "a_1_FRAME_25_RGB.bmp"])
        #expect(
            folder.refusal(.viper) == "DIR: expected at least two people seen by both cameras, and there are 0")
        try folder.remove("cam_b")
        #expect(folder.refusal(.viper)?.hasPrefix("DIR/cam_b: expected a folder") == true)
        #expect(folder.refusal(.cuhk01) == "DIR/000100.png: expected a name such as 0001001.png")
        try folder.remove("000100.png")
        #expect(
            folder.refusal(.threeDPeS) == "DIR/a_1_FRAME_25_RGB.bmp: expected a name such as 1_1_FRAME_25_RGB.bmp")
    }
}
