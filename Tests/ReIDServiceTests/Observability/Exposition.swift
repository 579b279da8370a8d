/// A text in Prometheus' exposition format 0.0.4, read by the format's grammar with none of the service's code.
struct Exposition {
    struct Sample {
        let name: String
        let labels: [String: String]
        let value: Double
    }

    struct Family {
        let name: String
        var help: String?
        var kind: String?
        var samples: [Sample] = []
    }

    /// An error of the text, with its line.
    struct Fault: Error {
        let reason: String
        let line: String
    }

    private(set) var families: [String: Family] = [:]
    private var current = ""

    init(_ text: String) throws {
        guard text.hasSuffix("\n") else { throw Fault(reason: "no line feed at the end", line: "") }
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            try read(String(line))
        }
        for family in families.values { try Self.check(family) }
    }

    private mutating func read(_ line: String) throws {
        if let match = line.wholeMatch(of: /# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)/) {
            let (word, name, text) = (match.1, String(match.2), String(match.3))
            if name != current {
                guard families[name] == nil else { throw Fault(reason: "a family in two places", line: line) }
                families[name] = Family(name: name)
                current = name
            }
            guard families[name]?.samples.isEmpty == true else { throw Fault(reason: "after samples", line: line) }
            if word == "HELP" {
                guard families[name]?.help == nil else { throw Fault(reason: "two HELP", line: line) }
                families[name]?.help = text
            } else {
                guard families[name]?.kind == nil, ["counter", "gauge", "histogram", "summary"].contains(text) else {
                    throw Fault(reason: "TYPE", line: line)
                }
                families[name]?.kind = text
            }
            return
        }
        guard let match = line.wholeMatch(of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)/) else {
            throw Fault(reason: "neither a comment nor a sample", line: line)
        }
        guard let value = Double(match.3.replacing("Inf", with: "inf")) else {
            throw Fault(reason: "not a number", line: line)
        }
        let sample = Sample(name: String(match.1), labels: try Self.labels(match.2 ?? "", line), value: value)
        let isHistogram = families[current]?.kind == "histogram"
        let names = isHistogram ? ["_bucket", "_sum", "_count"].map { current + $0 } : [current]
        guard names.contains(sample.name) else { throw Fault(reason: "a sample outside its family", line: line) }
        let isNew = families[current]?.samples.allSatisfy { $0.name != sample.name || $0.labels != sample.labels }
        guard isNew == true else { throw Fault(reason: "a series twice", line: line) }
        families[current]?.samples.append(sample)
    }

    private static func labels(_ text: Substring, _ line: String) throws -> [String: String] {
        var labels: [String: String] = [:]
        var rest = text
        while !rest.isEmpty {
            guard let match = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/) else {
                throw Fault(reason: "labels", line: line)
            }
            guard labels.updateValue(String(match.2), forKey: String(match.1)) == nil else {
                throw Fault(reason: "a label twice", line: line)
            }
            rest = rest[match.range.upperBound...]
        }
        return labels
    }

    /// Checks that a histogram's buckets ascend to its count.
    private static func check(_ family: Family) throws {
        guard family.kind != nil, !family.samples.isEmpty else {
            throw Fault(reason: "nothing in it", line: family.name)
        }
        guard family.kind == "histogram" else { return }
        var buckets: [[String: String]: [(bound: Double, count: Double)]] = [:]
        for sample in family.samples where sample.name.hasSuffix("_bucket") {
            var labels = sample.labels
            guard let bound = labels.removeValue(forKey: "le")?.replacing("Inf", with: "inf"), let bound = Double(bound)
            else { throw Fault(reason: "a bucket without a bound", line: family.name) }
            buckets[labels, default: []].append((bound, sample.value))
        }
        for (labels, buckets) in buckets {
            let total = family.samples.first { $0.name == family.name + "_count" && $0.labels == labels }?.value
            let ascends = zip(buckets, buckets.dropFirst()).allSatisfy { $0.bound < $1.bound && $0.count <= $1.count }
            guard ascends, buckets.last?.bound == .infinity, buckets.last?.count == total else {
                throw Fault(reason: "buckets", line: "\(family.name) \(labels)")
            }
        }
    }
}
