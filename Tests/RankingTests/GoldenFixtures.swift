import Foundation
import Ranking
import Testing

/// A golden case: raw little-endian arrays beside a manifest, written by the literature's algorithms in float64 (see its NOTE).
struct GoldenCase {
    /// The folder of the cases: CSPR_GOLDEN_DIR/ranking, or the copy beside the tests.
    static var folder: URL {
        if let path = ProcessInfo.processInfo.environment["CSPR_GOLDEN_DIR"], !path.isEmpty {
            return URL(fileURLWithPath: path).appendingPathComponent("ranking")
        }
        return Bundle.module.bundleURL.appendingPathComponent("Fixtures/ranking")
    }

    /// The folder of the cases of re-ranking over candidates.
    static let candidatesFolder = Bundle.module.bundleURL.appendingPathComponent("Fixtures/candidates")

    /// The names of all cases of a kind in a folder.
    static func names(kind: String, in folder: URL = folder) -> [String] {
        let found = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return found.sorted().filter { name in
            guard let golden = try? GoldenCase(name, in: folder) else { return false }
            return golden.manifest["kind"] as? String == kind
        }
    }

    let url: URL
    let manifest: [String: Any]

    init(_ name: String, in folder: URL = folder) throws {
        url = folder.appendingPathComponent(name)
        let data = try Data(contentsOf: url.appendingPathComponent("manifest.json"))
        manifest = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    func shape(_ array: String) throws -> [Int] {
        let arrays = try #require(manifest["arrays"] as? [String: [String: Any]])
        return try #require(arrays[array]?["shape"] as? [Int])
    }

    private func values<Value: BitwiseCopyable>(_ array: String, _ type: String, as: Value.Type) throws -> [Value] {
        let arrays = try #require(manifest["arrays"] as? [String: [String: Any]])
        let entry = try #require(arrays[array])
        #expect(entry["dtype"] as? String == type)
        let file = try #require(entry["file"] as? String)
        let data = try Data(contentsOf: url.appendingPathComponent(file))
        return unsafe data.withUnsafeBytes { bytes in
            stride(from: 0, to: bytes.count, by: MemoryLayout<Value>.size).map {
                unsafe bytes.loadUnaligned(fromByteOffset: $0, as: Value.self)
            }
        }
    }

    func floats(_ array: String) throws -> [Float] { try values(array, "f4", as: Float.self) }

    func doubles(_ array: String) throws -> [Double] { try values(array, "f8", as: Double.self) }

    func integers(_ array: String) throws -> [Int] { try values(array, "i4", as: Int32.self).map(Int.init) }

    func matrix(_ array: String) throws -> EmbeddingMatrix {
        try EmbeddingMatrix(elements: floats(array), dimensions: shape(array)[1])
    }
}

/// The largest absolute difference between two arrays of the same length; infinite if one has a NaN.
func largestDifference(_ left: [Double], _ right: [Double]) -> Double {
    guard left.count == right.count else { return .infinity }
    return zip(left, right).reduce(0) { largest, pair in
        let difference = abs(pair.0 - pair.1)
        return difference.isNaN ? .infinity : max(largest, difference)
    }
}
