public import CoreMetrics
internal import Synchronization

/// Keeps metrics that are made through the API of swift-metrics, and renders them as Prometheus text (exposition format
/// 0.0.4).
///
/// Counters become counters; meters and plain recorders become gauges; timers and aggregating recorders become
/// histograms. A timer's label should end in `_seconds`. The same label with the same dimensions is always the same
/// series.
public final class PrometheusRegistry: MetricsFactory {
    private struct Family {
        let kind: String
        var series: [String: any PrometheusSeries] = [:]
    }

    /// Upper bounds of a histogram's buckets, in seconds.
    static let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    private let help: [String: String]
    private let families = Mutex<[String: Family]>([:])

    /// Creates an empty registry; `help` has explanations of labels for the rendered text.
    public init(help: [String: String] = [:]) { self.help = help }

    /// A series that only grows.
    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, kind: "counter") { CounterSeries() }
    }

    /// A series that only grows, also by fractions.
    public func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, kind: "counter") { FractionSeries() }
    }

    /// A series that is set.
    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, kind: "gauge") { GaugeSeries() }
    }

    /// A series that is set, or a histogram.
    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return series(label, dimensions, kind: "gauge") { GaugeSeries() } }
        return series(label, dimensions, kind: "histogram") { HistogramSeries(bounds: Self.buckets) }
    }

    /// A histogram of seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, kind: "histogram") { HistogramSeries(bounds: Self.buckets) }
    }

    /// Removes a series.
    public func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
    /// Removes a series.
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { forget(handler) }
    /// Removes a series.
    public func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
    /// Removes a series.
    public func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
    /// Removes a series.
    public func destroyTimer(_ handler: any TimerHandler) { forget(handler) }

    /// All series as text; families and series are sorted by name.
    public func render() -> String {
        var text = ""
        for (name, family) in families.withLock({ $0 }).sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            if let help = help[name] { text += "# HELP \(name) \(help)\n" }
            text += "# TYPE \(name) \(family.kind)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                text += series.render(name: name, labels: labels)
            }
        }
        return text
    }

    private func series<Series: PrometheusSeries>(
        _ label: String, _ dimensions: [(String, String)], kind: String, make: () -> Series
    ) -> Series {
        let labels = dimensions.map { "\($0.0)=\"\(Self.escaped($0.1))\"" }.joined(separator: ",")
        return families.withLock { families in
            if let found = families[label]?.series[labels] as? Series { return found }
            let made = make()
            precondition(families[label].map { $0.kind == kind } ?? true, "metric \(label) has two kinds")
            families[label, default: Family(kind: kind)].series[labels] = made
            return made
        }
    }

    private func forget(_ handler: AnyObject) {
        families.withLock { families in
            for (label, family) in families {
                for (labels, series) in family.series where series === handler {
                    families[label]?.series[labels] = nil
                }
            }
        }
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}

/// One line, or one histogram, of the rendered text.
private protocol PrometheusSeries: AnyObject, Sendable {
    func render(name: String, labels: String) -> String
}

private func sample(_ name: String, _ labels: String, _ value: some CustomStringConvertible) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
}

private final class CounterSeries: CounterHandler, PrometheusSeries {
    private let value = Mutex<Int64>(0)

    func increment(by amount: Int64) { value.withLock { $0 &+= amount } }
    func reset() { value.withLock { $0 = 0 } }
    func render(name: String, labels: String) -> String { sample(name, labels, value.withLock { $0 }) }
}

private final class FractionSeries: FloatingPointCounterHandler, PrometheusSeries {
    private let value = Mutex(0.0)

    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func reset() { value.withLock { $0 = 0 } }
    func render(name: String, labels: String) -> String { sample(name, labels, value.withLock { $0 }) }
}

private final class GaugeSeries: MeterHandler, RecorderHandler, PrometheusSeries {
    private let value = Mutex(0.0)

    func set(_ new: Int64) { value.withLock { $0 = Double(new) } }
    func set(_ new: Double) { value.withLock { $0 = new } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ new: Int64) { set(new) }
    func record(_ new: Double) { set(new) }
    func render(name: String, labels: String) -> String { sample(name, labels, value.withLock { $0 }) }
}

private final class HistogramSeries: TimerHandler, RecorderHandler, PrometheusSeries {
    private struct State {
        var counts: [Int]
        var count = 0
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 }
        state.withLock { state in
            if let bucket { state.counts[bucket] += 1 }
            state.count += 1
            state.sum += value
        }
    }

    func render(name: String, labels: String) -> String {
        let state = state.withLock { $0 }
        let prefix = labels.isEmpty ? "" : labels + ","
        var text = ""
        var below = 0
        for (bound, count) in zip(bounds, state.counts) {
            below += count
            text += sample(name + "_bucket", "\(prefix)le=\"\(bound)\"", below)
        }
        text += sample(name + "_bucket", "\(prefix)le=\"+Inf\"", state.count)
        return text + sample(name + "_sum", labels, state.sum) + sample(name + "_count", labels, state.count)
    }
}
