import Imaging
import Testing

@Suite struct ContactSheetTests {
    @Test func `every image lies in its place and the rest is background`() {
        let rows = [[noise(3, 5, seed: 1), noise(3, 5, seed: 2)], [noise(3, 5, seed: 3)]]
        let sheet = ContactSheet(columns: 2, tile: (3, 5), gap: 1, background: 200).drawn(rows)
        #expect((sheet.width, sheet.height) == (8, 12))
        for (row, images) in rows.enumerated() {
            for (column, image) in images.enumerated() {
                #expect(sheet.cropped(x: column * 4, y: row * 6, width: 3, height: 5) == image)
            }
        }
        let empty = RGBImage(width: 4, height: 6, pixels: .init(repeating: 200, count: 72))
        #expect(sheet.cropped(x: 4, y: 6, width: 4, height: 6) == empty)
        let gap = RGBImage(width: 1, height: 12, pixels: .init(repeating: 200, count: 36))
        #expect(sheet.cropped(x: 3, y: 0, width: 1, height: 12) == gap)
    }
}
