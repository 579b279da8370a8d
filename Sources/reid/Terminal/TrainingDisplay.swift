internal import CSPRModel
internal import Foundation
internal import Training

/// The progress of a training run on standard error: one line that is redrawn on a terminal; elsewhere a new line for
/// each logged record.
struct TrainingDisplay {
    private let isInteractive = Terminal.isInteractive
    private var lastShown = ContinuousClock.now - .seconds(60)
    private var isFirst = true

    mutating func show(_ progress: Trainer.Progress) {
        let interval: Duration = isInteractive ? .milliseconds(200) : .seconds(15)
        let isEpochEnd = progress.batch == progress.batches
        guard isFirst || isEpochEnd || ContinuousClock.now - lastShown >= interval else { return }
        (isFirst, lastShown) = (false, .now)
        let record = progress.record
        var line = "\(record.step.rawValue) epoch \(record.epoch + 1)/\(progress.epochs)"
        line += " batch \(progress.batch)/\(progress.batches)"
        for (name, value) in record.losses?.named ?? [] { line += String(format: " %@ %.3f", name as NSString, value) }
        line += String(format: "  %.1f images/s", record.imagesPerSecond ?? 0)
        line += "  \(Self.time(progress.secondsLeft)) left"
        if isInteractive {
            let filled = 20 * progress.batch / max(1, progress.batches)
            let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 20 - filled)
            Terminal.tell("\r[\(bar)] \(line)\u{1B}[K")
        } else {
            Terminal.complain(line)
        }
    }

    func end() {
        if isInteractive { Terminal.complain("") }
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(min(seconds, 1e7))
        return whole >= 3600 ? "\(whole / 3600) h \(whole / 60 % 60) min" : "\(whole / 60) min \(whole % 60) s"
    }

    /// The largest amount of memory that the process has used, from the system.
    static var peakMemory: String {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line?.split(separator: " ").dropFirst().compactMap({ Int($0) }).first else {
            return "unknown"
        }
        return "\(kilobytes / 1024) MB"
    }
}
