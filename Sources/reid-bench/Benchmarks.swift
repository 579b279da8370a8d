internal import ArgumentParser
internal import CSPRModel
internal import Foundation

/// The command line of the benchmarks: network, search, re-ranking, HTTP server, training.
@main
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reid-bench",
        abstract: "Time the parts of reid: median, minimum and maximum of several runs.",
        discussion: "EXAMPLE:\n  swift run -c release reid-bench network",
        subcommands: [Network.self, Scale.self, Rerank.self, HTTP.self, SearchLoad.self, Train.self])

    /// Options of every benchmark.
    struct Options: ParsableArguments {
        @Flag(help: "The runs as JSON.")
        var json = false

        @Flag(help: "One small run of each: checks that they work, not how fast.")
        var smoke = false

        func validate() throws {
            guard Report.isOptimized || smoke else {
                throw ValidationError(
                    "this is a debug build, whose timings say nothing: swift run -c release reid-bench")
            }
        }

        func report(_ rows: [BenchmarkRow]) throws { try Report.print(rows, json: json) }
    }

    struct Network: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "The forward pass: all of CSPR-Net, its ResNet-50, and attention with SPR.",
            discussion: "EXAMPLE:\n  reid-bench network")
        @OptionGroup var options: Options

        mutating func run() throws { try options.report(networkBenchmark(smoke: options.smoke)) }
    }

    struct Scale: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Exact search and re-ranking in galleries of up to a million vectors.",
            discussion: """
                EXAMPLE:
                  reid-bench scale
                  reid-bench scale --peer /usr/bin/python3
                  reid-bench scale --fill data
                """)
        @OptionGroup var options: Options

        @Option(help: "The largest gallery; smaller ones by tens from 10,000 on come before it.")
        var rows = 1_000_000

        @Option(help: "The length of the vectors, a power of two.")
        var dimensions = 512

        @Option(help: "A Python with faiss-cpu, whose flat index is timed on the same rows.")
        var peer: String?

        @Option(help: "The runs of each row.")
        var runs = 20

        @Option(help: "Fill this data folder of a service, which stays, and measure a service on it instead.")
        var fill: String?

        @Option(help: "With --fill, the number of cameras.")
        var cameras = 40

        @Flag(help: "With --fill, erase 1,000 images and those of one camera afterwards.")
        var erase = false

        func validate() throws {
            guard dimensions >= 64, dimensions <= 4_096, dimensions & (dimensions - 1) == 0 else {
                throw ValidationError("--dimensions \(dimensions): allowed are powers of two from 64 to 4096")
            }
            guard rows >= 1_000, runs >= 1 else { throw ValidationError("at least 1000 rows and 1 run") }
            guard cameras >= 2, cameras <= rows, fill != nil || !erase, fill == nil || !options.json else {
                throw ValidationError("at least 2 cameras; --erase needs --fill, which prints no JSON")
            }
        }

        mutating func run() throws {
            let (rows, runs) = options.smoke ? (min(rows, 3_000), 1) : (rows, runs)
            if let fill {
                return try fillBenchmark(
                    ScaleFill(folder: fill, rows: rows, dimensions: dimensions, cameras: cameras), erases: erase)
            }
            let sizes = [10_000, 100_000].filter { $0 < rows } + [rows]
            try options.report(try scaleBenchmark(rows: sizes, dimensions: dimensions, peer: peer, runs: runs))
        }
    }

    struct Rerank: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "k-reciprocal re-ranking of one query's candidates, and of a pool.",
            discussion: "EXAMPLE:\n  reid-bench rerank\n  reid-bench rerank --market")
        @OptionGroup var options: Options

        @Flag(help: "Score and re-rank as one pool at Market-1501's size: 3,368 queries, 19,732 gallery images.")
        var market = false

        mutating func run() throws {
            guard market else {
                try options.report(try rerankBenchmark(smoke: options.smoke))
                return
            }
            try options.report(try marketBenchmark(smoke: options.smoke))
            if !options.json { print("peak memory \(Report.peakMemory)") }
        }
    }

    struct HTTP: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "http",
            abstract: "Requests over loopback: to the whole service, and to the bare HTTP module.",
            discussion: "EXAMPLE:\n  reid-bench http")
        @OptionGroup var options: Options

        @Option(help: "HOST:PORT of another server with the bare module's route /v1/things/{thing}, timed in turn.")
        var peer: String?

        mutating func run() throws { try options.report(httpBenchmark(smoke: options.smoke, peer: peer)) }
    }

    struct SearchLoad: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "search-load",
            abstract: "Searches a second of the whole service with 1 to 16 connections, against the network alone.",
            discussion: "EXAMPLE:\n  reid-bench search-load")
        @OptionGroup var options: Options

        @Option(help: "Seconds for each number of connections.")
        var seconds = 10.0

        mutating func run() throws {
            try Report.print(try searchLoadBenchmark(smoke: options.smoke, seconds: seconds), json: options.json)
        }
    }

    struct Train: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One training step: forward, losses, backward, update.",
            discussion: "EXAMPLE:\n  reid-bench train\n  reid-bench train --width 16 --profile")
        @OptionGroup var options: Options

        @Option(help: "Channels of the stem, the base of every stage.")
        var width = 64

        @Option(help: "Images in a batch.")
        var batch = 16

        @Option(help: "Timed steps.")
        var runs = 7

        @Flag(help: "Where the time of a step goes, part by part.")
        var profile = false

        mutating func run() throws {
            var configuration = trainingConfiguration(width: options.smoke ? 4 : width)
            if options.smoke { (configuration.height, configuration.widthPixels) = (96, 32) }
            let batch = options.smoke ? 2 : batch
            if profile {
                try printTrainingProfile(configuration, batch: batch)
            } else {
                try options.report(trainingBenchmark(configuration, batch: batch, runs: options.smoke ? 1 : runs))
            }
        }
    }
}
