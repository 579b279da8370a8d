// swift-tools-version: 6.2

import PackageDescription

/// Settings of every Swift target; the gate adds warnings as errors.
let swiftSettings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

func library(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], fixtures: Bool = false) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, resources: fixtures ? [.copy("Fixtures")] : [],
        swiftSettings: swiftSettings)
}

let package = Package(
    name: "reid",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "reid", targets: ["reid"]),
        .executable(name: "reid-bench", targets: ["reid-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        .systemLibrary(name: "COneDNN"),
        .systemLibrary(name: "COpenSSL"),
        .systemLibrary(name: "CZlib"),
        .target(
            name: "CDefaultWeights",
            exclude: ["default.profile.safetensors", "default.safetensors", "model-card.md", "training.ndjson"]),
        .target(name: "CDistance"),
        .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
        .target(name: "CPNG", linkerSettings: [.linkedLibrary("png")]),

        library("Randomness", []),
        library("Digests", ["COpenSSL"]),
        library("Distances", ["CDistance"]),
        library("Tensors", ["COneDNN"]),
        library("TensorFiles", ["Tensors", "CZlib"]),
        library("NeuralNetwork", ["Tensors", "Randomness"]),
        library("Imaging", ["CJPEG", "CPNG"]),
        library("CSPRModel", ["NeuralNetwork", "Tensors", "TensorFiles", "Imaging", "Digests", "Randomness"]),
        library("Embedding", ["CSPRModel", "Tensors", "Imaging", logging, deque]),
        library("Ranking", ["Distances", "CDistance", "Randomness", heap]),
        library("Gallery", ["Ranking", "Digests", grdb, logging]),
        library("HTTP", ["Randomness", "COpenSSL", httpTypes, logging, deque]),
        library("Datasets", ["TensorFiles", "Randomness"]),
        library("Synthesis", ["Imaging", "Randomness"]),
        library("Evaluation", ["CSPRModel", "Datasets", "Imaging", "Ranking", "Tensors", "TensorFiles"]),
        library(
            "Training",
            [
                "CSPRModel", "NeuralNetwork", "Tensors", "TensorFiles", "Datasets", "Distances", "Evaluation",
                "Imaging",
                "Randomness",
            ]),
        library(
            "ReIDService",
            [
                "HTTP", "Gallery", "Ranking", "CSPRModel", "Imaging", "Digests", "Datasets", "Embedding",
                "NeuralNetwork", "TensorFiles",
                httpTypes,
                logging, metrics,
            ]),

        .executableTarget(
            name: "reid",
            dependencies: [
                "ReIDService", "Training", "Evaluation", "CSPRModel", "Embedding", "NeuralNetwork", "Tensors",
                "TensorFiles", "Ranking", "Imaging",
                "Datasets", "HTTP", "Gallery", "Synthesis", "CDefaultWeights", arguments, logging,
            ],
            swiftSettings: swiftSettings),
        .executableTarget(
            name: "reid-bench",
            dependencies: [
                "ReIDService", "CSPRModel", "Embedding", "NeuralNetwork", "Tensors", "TensorFiles", "Ranking",
                "Imaging", "HTTP", "Gallery", "Synthesis", "Randomness", "CDefaultWeights", "COpenSSL",
                httpTypes, arguments, logging,
            ],
            swiftSettings: swiftSettings),

        tests("RandomnessTests", ["Randomness"]),
        tests("DigestsTests", ["Digests"]),
        tests("DistancesTests", ["Distances", "CDistance", "Randomness"]),
        tests("TensorsTests", ["Tensors"]),
        tests("TensorFilesTests", ["TensorFiles", "Tensors", "Randomness"], fixtures: true),
        tests("NeuralNetworkTests", ["NeuralNetwork", "Tensors", "Randomness"]),
        tests("ImagingTests", ["Imaging", "Randomness"], fixtures: true),
        tests(
            "TrainingTests",
            ["Training", "CSPRModel", "NeuralNetwork", "Tensors", "TensorFiles", "Datasets", "Imaging", "Randomness"]),
        tests("DatasetsTests", ["Datasets", "Imaging"], fixtures: true),
        tests(
            "EvaluationTests",
            ["Evaluation", "Datasets", "CSPRModel", "Ranking", "Randomness", "Imaging", "Tensors", "TensorFiles"],
            fixtures: true),
        tests("SynthesisTests", ["Synthesis", "Imaging", "Randomness"]),
        tests(
            "CSPRModelTests",
            ["CSPRModel", "NeuralNetwork", "Tensors", "TensorFiles", "Imaging", "Randomness"], fixtures: true),
        tests(
            "EmbeddingTests", ["Embedding", "CSPRModel", "Randomness", "Imaging", "Tensors", "TensorFiles", logging]),
        tests("RankingTests", ["Ranking", "Randomness"], fixtures: true),
        tests("GalleryTests", ["Gallery", "Ranking", "Digests", "Randomness", grdb, logging], fixtures: true),
        tests(
            "HTTPTests",
            ["HTTP", "COpenSSL", httpTypes, logging, .product(name: "InMemoryLogging", package: "swift-log")]),
        tests(
            "ReIDServiceTests",
            [
                "ReIDService", "HTTP", "Gallery", "Ranking", "CSPRModel", "Imaging", "Digests", "Datasets", "Embedding",
                "Tensors", "TensorFiles", "Randomness",
                httpTypes, logging, metrics, grdb,
            ]),
        tests("CommandLineTests", ["reid", "ReIDService", "Tensors", "TensorFiles", "Imaging"]),
    ]
)
