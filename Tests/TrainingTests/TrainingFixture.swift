import CSPRModel
import Datasets
import Foundation
import Imaging
import Testing

@testable import Training

/// A folder for one test, removed with this object.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appendingPathComponent("training-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Draws figures in colored clothes in the light of two cameras: `people` folders of `images` images each.
func drawPeople(in folder: String, people: Int = 3, images: Int = 6) throws {
    for person in 0..<people {
        let home = "\(folder)/person\(person)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        for number in 0..<images {
            let camera = number % 2
            let image = figure(person: person, camera: camera, number: number)
            try Data(image.png()).write(
                to: URL(fileURLWithPath: "\(home)/c\(camera + 1)_\(number).png"))
        }
    }
}

private func figure(person: Int, camera: Int, number: Int) -> RGBImage {
    let (width, height) = (24, 56)
    let coats: [[Int]] = [[200, 40, 40], [40, 180, 60], [50, 70, 210], [210, 190, 40], [160, 60, 180]]
    let coat = coats[person % coats.count]
    let light = camera == 0 ? 100 : 75
    var pixels: [UInt8] = []
    for y in 0..<height {
        for x in 0..<width {
            let isBody = abs(x - 12 - number % 3 + 1) < 7 && y > 10
            let noise = (x * 7 + y * 13 + number * 29) % 17
            for channel in 0..<3 {
                let color = isBody ? (y < 34 ? coat[channel] : coat[(channel + 1) % 3] / 2) : 110 + camera * 20
                pixels.append(UInt8(min(255, (color + noise) * light / 100)))
            }
        }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
}

/// A recipe that is fast enough for a test: a narrow network, small images, two epochs of each phase.
func smallRecipe() -> TrainingRecipe {
    var recipe = TrainingRecipe()
    recipe.network.width = 4
    recipe.network.depths = [1, 1, 1, 1]
    recipe.network.height = 48
    recipe.network.widthPixels = 24
    recipe.network.branches = 2
    recipe.network.branchDimensions = 6
    recipe.network.globalDimensions = 12
    recipe.network.candidateRatios = [0.2, 0.4]
    recipe.batch = 4
    (recipe.global.epochs, recipe.joint.epochs) = (2, 2)
    (recipe.global.rate, recipe.joint.rate, recipe.joint.localRate) = (1e-2, 1e-3, 1e-2)
    recipe.threads = 1
    return recipe
}

/// A trainer of the small recipe in `folder`/run on the people of `folder`/people, which are drawn if they are missing.
func makeTrainer(
    _ folder: TemporaryFolder, run: String = "run", recipe: TrainingRecipe = smallRecipe(), isResuming: Bool = false,
    backbone: String? = nil, change: (inout Trainer.Settings) -> Void = { _ in }
) throws -> Trainer {
    let people = "\(folder.path)/people"
    if !FileManager.default.fileExists(atPath: people) { try drawPeople(in: people) }
    var settings = Trainer.Settings()
    settings.logInterval = 1
    settings.loaderThreads = 2
    change(&settings)
    return try Trainer(
        recipe, settings: settings, images: TrainingSet(folder: people), folder: RunFolder("\(folder.path)/\(run)"),
        isResuming: isResuming, backbone: backbone)
}

/// The losses of every update in a run's log.
func losses(_ folder: TemporaryFolder, run: String = "run") throws -> [LossTerms] {
    let log = try String(contentsOfFile: "\(folder.path)/\(run)/log.ndjson", encoding: .utf8)
    return try log.split(separator: "\n").compactMap { line in
        let record = try JSONDecoder().decode(LogRecord.self, from: Data(line.utf8))
        return record.kind == .update ? record.losses : nil
    }
}
