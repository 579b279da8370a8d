internal import Foundation
internal import Imaging
internal import Synthesis

/// A contact sheet of rendered people: rows of one person by several cameras, then random images.
struct SyntheticSheet {
    let folder: String
    let plan: MarketPlan
    let seed: UInt64

    private static let columns = 20
    private static let tile = (width: 64, height: 128)

    /// Draws the sheet from the files of the data set.
    ///
    /// - Returns: 20 images a row, at 64×128: at most 10 rows of people, then at most 10 rows at random.
    func image() throws -> RGBImage {
        var rows: [[MarketPlan.Image]] = []
        let known = plan.images.filter { !$0.name.hasPrefix("0000") }
        for person in Set(known.map(\.person)).sorted().prefix(10) {
            rows.append(
                Array(known.filter { $0.person == person }.sorted { $0.camera < $1.camera }.prefix(Self.columns)))
        }
        // Takes images at a fixed stride that has no common factor with their number, so that none is taken twice.
        let count = plan.images.count
        let step = [7919, 6007, 4001, 1].first { !count.isMultiple(of: $0) } ?? 1
        let start = Int(seed % UInt64(count))
        let mixed = (0..<min(count, 10 * Self.columns)).map { plan.images[(start + $0 * step) % count] }
        for first in stride(from: 0, to: mixed.count, by: Self.columns) {
            rows.append(Array(mixed[first..<min(first + Self.columns, mixed.count)]))
        }
        let sheet = ContactSheet(columns: Self.columns, tile: Self.tile, gap: 2, background: 32)
        return sheet.drawn(try rows.map { try $0.map(read) })
    }

    private func read(_ image: MarketPlan.Image) throws -> RGBImage {
        let url = URL(fileURLWithPath: "\(folder)/\(image.folder)/\(image.name)")
        return try decodeImage([UInt8](Data(contentsOf: url))).resized(width: Self.tile.width, height: Self.tile.height)
    }
}
