import Foundation
import Tensors
import Testing

/// The reference implementation's weights and outputs, float64 rounded to float32.
enum GoldenFixtures {
    static let cases = ["tiny_r50", "tiny_basic", "tiny_am", "tiny_cam_gap", "tiny_cam_pr", "tiny_base"]

    /// The path of a golden file; `CSPR_GOLDEN_DIR` in the environment replaces the directory.
    static func path(_ file: String) throws -> String {
        if let directory = ProcessInfo.processInfo.environment["CSPR_GOLDEN_DIR"] { return "\(directory)/\(file)" }
        let fixtures = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return fixtures.appendingPathComponent("golden").appendingPathComponent(file).path
    }

    /// The cases to check: the fixtures', or all that `CSPR_GOLDEN_DIR` holds.
    static var available: [String] {
        guard let directory = ProcessInfo.processInfo.environment["CSPR_GOLDEN_DIR"],
            let files = try? FileManager.default.contentsOfDirectory(atPath: directory)
        else { return cases }
        let suffix = ".golden.safetensors"
        return files.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }.sorted()
    }
}

/// The largest difference between two tensors, as a share of the largest absolute value of the second.
func relativeDifference(_ found: Tensor, _ expected: Tensor) -> Float {
    guard found.shape == expected.shape else { return .infinity }
    let largest = expected.elements.reduce(0) { max($0, abs($1)) }
    let difference = zip(found.elements, expected.elements).reduce(Float(0)) {
        let difference = abs($1.0 - $1.1)
        return difference.isNaN ? .infinity : max($0, difference)
    }
    return difference / max(largest, .leastNormalMagnitude)
}

extension Tensor {
    /// Entries `range` of the first axis.
    func items(_ range: Range<Int>) -> Tensor {
        let size = shape.dropFirst().reduce(1, *)
        return Tensor(
            shape: [range.count] + shape.dropFirst(),
            elements: Array(elements[range.lowerBound * size..<range.upperBound * size]))
    }
}
