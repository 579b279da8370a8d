/// The query parameters of a request, read strictly.
struct QueryParameters: OptionSource {
    private let values: [String: [String]]
    private let order: [String]
    private var known: Set<String> = []

    /// Takes decoded names and values, in order.
    init(_ pairs: [(name: String, value: String)]) {
        var values: [String: [String]] = [:]
        for pair in pairs { values[pair.name, default: []].append(pair.value) }
        self.values = values
        order = pairs.map(\.name)
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(ServiceError) -> Int? {
        guard let value = try single(name) else { return nil }
        guard let number = Int(value), range ~= number, !value.hasPrefix("+") else {
            throw invalid(name, expected: wholeNumber(in: range))
        }
        return number
    }

    mutating func number(_ name: String, in range: ClosedRange<Double>) throws(ServiceError) -> Double? {
        guard let value = try single(name) else { return nil }
        let isPlain = value.utf8.allSatisfy { (0x30...0x39).contains($0) || "+-.eE".utf8.contains($0) }
        guard isPlain, let number = Double(value), number.isFinite, range ~= number else {
            throw invalid(name, expected: realNumber(in: range))
        }
        return number
    }

    mutating func flag(_ name: String) throws(ServiceError) -> Bool? {
        guard let value = try single(name) else { return nil }
        guard let flag = Bool(value) else { throw invalid(name, expected: "true or false") }
        return flag
    }

    mutating func text(_ name: String) throws(ServiceError) -> String? {
        guard let value = try single(name) else { return nil }
        guard TextLimits.allows(value) else { throw invalid(name, expected: TextLimits.expectation()) }
        return value
    }

    mutating func texts(_ name: String) throws(ServiceError) -> [String]? {
        known.insert(name)
        guard let found = values[name] else { return nil }
        guard found.count <= TextLimits.count, found.allSatisfy({ TextLimits.allows($0) }) else {
            throw invalid(name, expected: TextLimits.listExpectation)
        }
        return found
    }

    func finish() throws(ServiceError) {
        for name in order where !known.contains(name) { throw .unknownParameter(name, known: known.sorted()) }
    }

    func invalid(_ name: String, expected: String) -> ServiceError { .invalidParameter(name, expected: expected) }

    private mutating func single(_ name: String) throws(ServiceError) -> String? {
        known.insert(name)
        guard let found = values[name] else { return nil }
        guard found.count == 1 else { throw invalid(name, expected: "given once") }
        return found[0]
    }
}
