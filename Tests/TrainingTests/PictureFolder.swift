import Datasets
import Foundation
import Imaging

/// A folder of small pictures, each of one colour, that goes away with this object.
struct PictureFolder {
    let folder: TemporaryFolder
    let pictures: [TrainingPicture]

    /// Writes `count` pictures of `people` people, `width`×`height`; red is 20 times the person, green 10 times the picture.
    init(_ count: Int, people: Int, width: Int = 8, height: Int = 24) throws {
        folder = try TemporaryFolder()
        let path = folder.path
        pictures = (0..<count).map { TrainingPicture(path: "\(path)/\($0).png", person: $0 % people, camera: 1) }
        for (index, picture) in pictures.enumerated() {
            let colour = [UInt8(20 * picture.person), UInt8(10 * index), 90]
            let image = RGBImage(
                width: width, height: height, pixels: (0..<width * height).flatMap { _ in colour })
            try Data(image.png()).write(to: URL(fileURLWithPath: picture.path))
        }
    }

    /// Replaces a picture's file by something that does not decode.
    func spoil(_ index: Int) throws {
        try Data("no picture".utf8).write(to: URL(fileURLWithPath: pictures[index].path))
    }

    /// Removes a picture's file.
    func remove(_ index: Int) throws {
        try FileManager.default.removeItem(atPath: pictures[index].path)
    }
}
