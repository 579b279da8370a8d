internal import Foundation

/// One row of a benchmark: several timed runs of the same work.
struct BenchmarkRow: Codable {
    /// The work that was timed, with its shape.
    let name: String
    /// The seconds of each run, without warm-up.
    let seconds: [Double]
    /// How many `unit`s one run processes.
    let itemsPerRun: Double
    /// The unit: images, queries or requests.
    let unit: String

    /// The median of the runs; for an even number, the lower of the two middle ones.
    var median: Double { sorted[(sorted.count - 1) / 2] }
    var minimum: Double { sorted[0] }
    var maximum: Double { sorted[sorted.count - 1] }
    /// Units per second at the median.
    var rate: Double { itemsPerRun / median }

    private var sorted: [Double] { seconds.sorted() }

    /// Runs `work` once to warm up, then `runs` times.
    static func measure(
        _ name: String, runs: Int, itemsPerRun: Double = 1, unit: String, _ work: () throws -> Void
    ) rethrows -> BenchmarkRow {
        try work()
        var seconds: [Double] = []
        for _ in 0..<runs {
            let start = DispatchTime.now().uptimeNanoseconds
            try work()
            seconds.append(Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9)
        }
        return BenchmarkRow(name: name, seconds: seconds, itemsPerRun: itemsPerRun, unit: unit)
    }
}

/// Prints rows as a table, with the machine that they came from.
enum Report {
    static func print(_ rows: [BenchmarkRow], json: Bool) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            Swift.print(String(decoding: try encoder.encode(rows), as: UTF8.self))
            return
        }
        let cells = rows.map { row in
            [row.name] + [row.median, row.minimum, row.maximum].map { String(format: "%.3f", $0 * 1e3) }
                + [String(format: "%.1f %@/s", row.rate, row.unit as NSString)]
        }
        table([["benchmark", "median ms", "min ms", "max ms", "rate at the median"]] + cells)
        Swift.print(machine)
    }

    /// Prints lines of cells in columns.
    static func table(_ lines: [[String]]) {
        let widths = (lines.first ?? []).indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        for line in lines {
            let padded = zip(line, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            Swift.print(padded.joined(separator: "  "))
        }
    }

    /// Processor, cores and memory in one line.
    static var machine: String {
        let information = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model =
            information.split(separator: "\n").first { $0.hasPrefix("model name") }?
            .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown processor"
        let process = ProcessInfo.processInfo
        return "\(model), \(process.activeProcessorCount) cores, \(process.physicalMemory >> 30) GiB"
    }

    /// The largest memory of this process, or "unknown".
    static var peakMemory: String { memory("VmHWM") }

    /// A count of this process' memory under Linux' name for it, such as VmRSS; or "unknown".
    static func memory(_ name: String) -> String {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let fields = status.split(separator: "\n").first { $0.hasPrefix(name + ":") }?.split(
            whereSeparator: \.isWhitespace)
        guard let fields, fields.count > 1, let kibibytes = Int(fields[1]) else { return "unknown" }
        return "\(kibibytes >> 10) MiB"
    }

    /// Whether the program was compiled with optimization; timings of a debug build are meaningless.
    static var isOptimized: Bool {
        var isDebug = false
        assert(
            {
                isDebug = true
                return true
            }())
        return !isDebug
    }
}
