internal import ArgumentParser
internal import Foundation
internal import ReIDService

/// `reid calibrate`: has a running service fit probabilities to the distances of a gallery's searches.
struct CalibrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calibrate",
        abstract: "Have a running service tell from a gallery's labeled images what its distances mean.",
        discussion: """
            Searches then show the probability that a result is the person, and say when nobody in the gallery may be. At least 50
            people must have labeled images of two cameras; with fewer it ends with 1 and says how many more are needed. The
            report tells for each kind of search how good the probabilities are for people whom they were not fitted to. Calibrate
            again when the gallery has grown by half.

            EXAMPLE:
              reid calibrate lobby
              reid calibrate lobby --json

            \(Reid.exitCodes)
            """)

    @Argument(help: "The gallery.")
    var gallery: String

    @OptionGroup var options: JobStartOptions

    mutating func run() throws { try options.run(["galleries", gallery, "calibrate"], body: nil) }
}

extension CalibrationResult {
    /// Two tables for people: how good the probabilities of each kind of search are, and what happens where only some are
    /// believed.
    var report: String {
        func number(_ value: Double) -> String { String(format: "%.4f", value) }
        let quality = Terminal.table(
            [
                "search", "curve", "calibration error", "Brier score", "area under ROC", "results", "same person",
                "people", "images",
            ],
            searches.map {
                [
                    $0.name, $0.curve, number($0.expectedCalibrationError), number($0.brierScore),
                    number($0.areaUnderROC), "\($0.pairs)", "\($0.samePersonPairs)", "\($0.people)", "\($0.images)",
                ]
            })
        let rates = Terminal.table(
            ["search", "believed from", "found of the person's results", "false matches of others' results"],
            searches.flatMap { search in
                search.rates.map {
                    [
                        search.name, String(format: "%.2f", $0.probability),
                        String(format: "%.2f%%", 100 * $0.matchRate),
                        String(format: "%.3f%%", 100 * $0.falseMatchRate),
                    ]
                }
            })
        let people = max(searches.map(\.people).min() ?? 1, 1)
        let deviation = String(format: "%.0f%%", 50 / Double(people).squareRoot())
        return quality + "\n\n" + rates
            + "\n\nWith \(people) people to check with, what is found is known to about ± \(deviation)."
    }
}

extension CalibratedSearch {
    /// What the search does, such as "re-ranked, without camera means".
    fileprivate var name: String {
        (reranking == nil ? "plain" : "re-ranked") + (cameraNormalization ? ", without camera means" : "")
    }
}
