internal import ArgumentParser
internal import Foundation
internal import Imaging
internal import Synthesis
internal import TensorFiles

/// `reid synthesize`: renders a data set of invented pedestrians.
struct SynthesizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "synthesize",
        abstract: "Render a data set of pedestrians, in the layout of Market-1501.",
        discussion: """
            Train writes bounding_box_train; test writes query and bounding_box_test with other people and other cameras,
            and mostly with the kinds of scenes and garments that train leaves out. The same options give the same bytes;
            images that are there are kept, so that a run that was stopped goes on when the same command is run again.

            EXAMPLE:
              reid synthesize ./train --people 2000 --cameras 60 --cameras-per-person 6 --sightings 2 --seed 1
              reid synthesize ./test --split test --people 200 --cameras 6 --sightings 2 --seed 1 --distractors 500
              reid synthesize ./look --people 20 --cameras 10 --sightings 1 --sheet look.png
            """)

    enum Layout: String, ExpressibleByArgument, CaseIterable { case market1501 }

    enum Split: String, ExpressibleByArgument, CaseIterable { case train, test }

    /// Which kinds are shown; the names are those of `VariationPart`.
    enum Kinds: String, ExpressibleByArgument, CaseIterable {
        case all, train, test

        var part: VariationPart {
            switch self {
            case .all: .all
            case .train: .train
            case .test: .test
            }
        }
    }

    @Argument(help: "The folder of the data set; created if it is missing.")
    var folder: String

    @Option(help: "The number of people.")
    var people = 500

    @Option(help: "The number of cameras.")
    var cameras = 6

    @Option(help: "The number of cameras that see each person; default: all.")
    var camerasPerPerson: Int?

    @Option(help: "The number of images of a person by each of these cameras.")
    var sightings = 2

    @Option(help: "Distractors: people of the test split (0000) who match no query, with one image each.")
    var distractors = 0

    @Option(help: "The same seed gives the same bytes.")
    var seed: UInt64 = 1

    @Option(help: "The height of every image, in pixels.")
    var height = 384

    @Option(help: "The width of every image, in pixels.")
    var width = 128

    @Flag(help: "Keep each image at the size in which its camera stored it.")
    var cameraSize = false

    @Flag(help: "Leave the people out: the same boxes of the same scenes, with nobody in them.")
    var empty = false

    @Option(help: "The layout of names and folders: market1501.")
    var layout = Layout.market1501

    @Option(help: "train or test.")
    var split = Split.train

    @Option(help: "Kinds of scenes: all, train (without those held out) or test; default: as the split.")
    var scenes: Kinds?

    @Option(help: "Kinds of garments and things carried: all, train or test; default: as the split.")
    var garments: Kinds?

    @Option(
        help:
            "A PNG of people across cameras and of random thumbnails; an existing file is kept unless --force is given."
    )
    var sheet: String?

    @OptionGroup var outputOptions: OutputOptions

    @Flag(help: "A summary as one JSON object.")
    var json = false

    func validate() throws {
        let limits = MarketPlan.limits
        try check("--people", people, 1...limits.people)
        try check("--distractors", distractors, 0...limits.people - people)
        try check("--cameras", cameras, 1...limits.cameras)
        if let camerasPerPerson { try check("--cameras-per-person", camerasPerPerson, 1...cameras) }
        try check("--sightings", sightings, 1...limits.sightings)
        try check("--height", height, 16...1024)
        try check("--width", width, 8...1024)
        if distractors > 0, split == .train { throw ValidationError("--distractors needs --split test") }
        if split == .test, cameras < 2 { throw ValidationError("--split test needs at least two cameras") }
    }

    private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) is \(range.lowerBound) to \(range.upperBound), not \(value)")
        }
    }

    mutating func run() throws {
        try outputOptions.check(sheet)
        let kinds: VariationPart = split == .train ? .train : .test
        // The test split always has other people and cameras, also with the same seed.
        let world = SyntheticPeople(
            seed: split == .train ? seed : seed ^ 0x7E57_0000_0000_0000, garments: garments?.part ?? kinds,
            scenes: scenes?.part ?? kinds)
        let plan = MarketPlan(
            split: split == .train ? .train : .test, people: people, cameras: cameras,
            camerasPerPerson: camerasPerPerson, sightings: sightings,
            distractors: distractors, seed: world.seed)
        let writer = SyntheticFolder(
            folder: folder, world: world, plan: plan, size: cameraSize ? nil : (width: width, height: height),
            showsPeople: !empty)
        let started = Date()
        let stop = StopSignals()
        let (written, kept) = try writer.write(isStopped: stop.question)
        guard written + kept == plan.images.count else {
            throw stop.interruption(
                "\(written + kept) of \(plan.images.count) images are in \(folder); "
                    + "the same command continues with the others")
        }
        let seconds = Date().timeIntervalSince(started)
        if let sheet {
            do {
                let image = try SyntheticSheet(folder: folder, plan: plan, seed: seed).image()
                try AtomicFile.replace(sheet, with: image.png())
            } catch let error as FileError {
                throw CommandFailure("\(error)")
            } catch {
                throw CommandFailure("\(sheet): \(describe(error))")
            }
        }
        let summary = Summary(
            folder: folder, split: split.rawValue, seed: seed, people: people, cameras: cameras,
            images: plan.images.count, written: written, kept: kept, seconds: seconds)
        if json { return try Terminal.printJSON(summary) }
        print("\(written) images written and \(kept) kept in \(folder)")
    }

    private struct Summary: Encodable {
        let folder: String
        let split: String
        let seed: UInt64
        let people: Int
        let cameras: Int
        let images: Int
        let written: Int
        let kept: Int
        let seconds: Double
    }
}
