import Datasets
import Foundation
import Imaging

/// A folder of small images of one color each; removed on deinit.
struct ImageFolder {
    let folder: TemporaryFolder
    let images: [TrainingImage]

    /// Writes `count` images of `people` people, `width`×`height`; red is 20 times the person, green 10 times the image.
    init(_ count: Int, people: Int, width: Int = 8, height: Int = 24) throws {
        folder = try TemporaryFolder()
        let path = folder.path
        images = (0..<count).map { TrainingImage(path: "\(path)/\($0).png", person: $0 % people, camera: 1) }
        for (index, image) in images.enumerated() {
            let color = [UInt8(20 * image.person), UInt8(10 * index), 90]
            let pixels = RGBImage(
                width: width, height: height, pixels: (0..<width * height).flatMap { _ in color })
            try Data(pixels.png()).write(to: URL(fileURLWithPath: image.path))
        }
    }

    /// Replaces an image's file by bytes that cannot be decoded.
    func spoil(_ index: Int) throws {
        try Data("no image".utf8).write(to: URL(fileURLWithPath: images[index].path))
    }

    /// Removes an image's file.
    func remove(_ index: Int) throws {
        try FileManager.default.removeItem(atPath: images[index].path)
    }
}
