internal import Foundation
internal import Imaging
internal import Synthesis

/// One image that shows many images of a data set: rows of one person by several cameras, then random thumbnails.
struct ContactSheet {
    let folder: String
    let plan: MarketPlan
    let seed: UInt64

    private static let columns = 20
    private static let tile = (width: 64, height: 128)
    private static let gap = 2

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
        return try draw(rows)
    }

    private func draw(_ rows: [[MarketPlan.Image]]) throws -> RGBImage {
        let (stepX, stepY) = (Self.tile.width + Self.gap, Self.tile.height + Self.gap)
        let width = Self.columns * stepX
        var pixels = [UInt8](repeating: 32, count: width * rows.count * stepY * 3)
        for (row, images) in rows.enumerated() {
            for (column, image) in images.enumerated() {
                let url = URL(fileURLWithPath: "\(folder)/\(image.folder)/\(image.name)")
                let tile = try decodeImage([UInt8](Data(contentsOf: url)))
                    .resized(width: Self.tile.width, height: Self.tile.height)
                for y in 0..<tile.height {
                    let start = ((row * stepY + y) * width + column * stepX) * 3
                    let line = tile.pixels[y * tile.width * 3..<(y + 1) * tile.width * 3]
                    pixels.replaceSubrange(start..<start + tile.width * 3, with: line)
                }
            }
        }
        return RGBImage(width: width, height: rows.count * stepY, pixels: pixels)
    }
}
