import Foundation
import Imaging
import Testing

@Suite struct ProfileCommandTests {
    @Test func `a profile is made of a folder of images, and refused for too few`() throws {
        let folder = try TemporaryFolder()
        try SmallModel.write(to: folder.path("model.safetensors"))
        let images = folder.path("images/inner")
        try FileManager.default.createDirectory(atPath: images, withIntermediateDirectories: true)
        func draw(_ range: Range<Int>) throws {
            for index in range {
                let pixels = (0..<8 * 24 * 3).map { UInt8(truncatingIfNeeded: ($0 / (index % 13 + 2)) * (37 + index)) }
                let name = String(format: "%04d_c1s1_%06d_01.png", index / 2 + 1, index)
                try Data(RGBImage(width: 8, height: 24, pixels: pixels).png())
                    .write(to: URL(fileURLWithPath: images + "/" + name))
            }
        }
        func profile() throws -> ReidProgram.Outcome {
            try ReidProgram.run(
                "model", "profile", folder.path("model.safetensors"), folder.path("images"), "--output",
                folder.path("model.profile.safetensors"))
        }
        try draw(0..<5)
        let few = try profile()
        #expect(few.status == 1 && few.errors.contains("5 images are too few for a profile, 152 are needed"))
        try draw(5..<160)
        let made = try profile()
        #expect(made.status == 0 && made.output.contains("from 160 images"), "\(made.errors)")
        #expect(try profile().status != 0, "the file is kept")
        let missing = try ReidProgram.run(
            "model", "profile", folder.path("model.safetensors"), "/nowhere", "--output", folder.path("other"))
        #expect(missing.status == 1 && missing.errors.contains("/nowhere"))
    }
}
