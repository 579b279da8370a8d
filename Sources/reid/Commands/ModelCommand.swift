internal import ArgumentParser
internal import CSPRModel
internal import Foundation

/// `reid model`: shows a weight file, stores it in another precision, or learns what it gives for images of people.
struct ModelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Show, convert or profile weight files.",
        discussion: "EXAMPLE:\n  reid model show model.safetensors --json",
        subcommands: [Show.self, Convert.self, Profile.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check a weight file and print its configuration, identity and size.",
            discussion: "EXAMPLE:\n  reid model show model.safetensors")

        @Argument(help: "A weight file in the safetensors format.")
        var file: String

        @Flag(help: "One JSON object instead of text.")
        var json = false

        mutating func run() throws {
            let model = try ModelText.open(file)
            let description = Description(
                identity: model.identity, trained: model.isTrained, parameters: model.parameters,
                dimensions: model.dimensions, precision: model.precision, mirrored: model.isMirrored,
                config: model.configuration)
            if json { return try Terminal.printJSON(description) }
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            print(
                Terminal.facts([
                    ("identity", model.identity),
                    ("trained", model.isTrained ? "yes" : "no: its rankings are meaningless"),
                    ("parameters", "\(model.parameters)"), ("dimensions", "\(model.dimensions)"),
                    ("precision", model.precision),
                    ("mirrored", model.isMirrored ? "yes: embeddings are means over image and mirror image" : "no"),
                    ("config", String(decoding: try encoder.encode(model.configuration), as: UTF8.self)),
                ]))
        }
    }

    struct Convert: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Store a weight file in another precision, or so that it embeds mirror images too.",
            discussion:
                "EXAMPLE:\n  reid model convert weights.safetensors --output half.safetensors --precision float16")

        @Argument(help: "A weight file in the safetensors format.")
        var file: String

        @Option(help: "The weight file to write; an existing file is kept unless --force is given.")
        var output: String

        @OptionGroup var outputOptions: OutputOptions

        @Option(help: "float32 or float16.")
        var precision: WeightPrecision

        @Flag(help: "Make embeddings means over image and mirror image: better answers, twice the time.")
        var mirrored = false

        mutating func run() throws {
            try outputOptions.check(output)
            let model = try ModelText.open(file)
            do {
                try model.write(
                    to: output, precision: precision.stored, isMirrored: mirrored || model.isMirrored)
            } catch {
                throw CommandFailure("\(output): \(error)")
            }
        }
    }

    private struct Description: Encodable {
        let identity: String
        let trained: Bool
        let parameters: Int
        let dimensions: Int
        let precision: String
        let mirrored: Bool
        let config: CSPRConfiguration
    }
}

/// Reads weight files and network configurations that the command line names.
enum ModelText {
    /// The model in `file`; throws a failure that names the file.
    static func open(_ file: String) throws -> CSPRModel {
        do {
            return try CSPRModel(contentsOf: file)
        } catch {
            throw CommandFailure("\(file): \(error)")
        }
    }

    /// The checked model in `file`; if that is nil, the built-in network, which standard error then mentions.
    static func open(orBuiltIn file: String?) throws -> CSPRModel {
        if let file { return try open(file) }
        Terminal.complain("reid: no --model: using the built-in weights, which were trained on rendered people")
        return try DefaultWeights.open()
    }

    /// The default configuration with the members of `json` replaced.
    static func configuration(json: String) throws -> CSPRConfiguration {
        do {
            return try JSONDecoder().decode(CSPRConfiguration.self, from: Data(json.utf8))
        } catch let error as ModelError {
            throw ValidationError("--config: \(error)")
        } catch {
            throw ValidationError("--config: expected a JSON object such as {\"width\": 16}; found \(json)")
        }
    }
}
