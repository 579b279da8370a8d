internal import ArgumentParser
internal import Foundation
internal import HTTP
internal import ReIDService

/// `reid compare`: compares two images through the API of a running service.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Ask a running service how alike two images are, and how probably they show one person.",
        discussion: """
            Each image is a file, or the id of an enrolled image. What a distance means depends on the gallery and its cameras: name
            the gallery unless an enrolled image tells it, and the cameras of the files by --query-camera and --other-camera if they are known.
            There is a probability if the gallery is calibrated (`reid calibrate`).

            EXAMPLE:
              reid compare first.jpg second.jpg --gallery lobby --query-camera c1 --other-camera c2
              reid compare image.jpg i_k3v9q2m7x4c8n1p5t6w0 --json

            \(Reid.exitCodes)
            """)

    @Argument(help: "A JPEG or PNG, or an enrolled image's id.")
    var first: String

    @Argument(help: "The other one.")
    var second: String

    @Option(help: "The gallery in which they are compared. [default: that of an enrolled image]")
    var gallery: String?

    @OptionGroup var listener: QueryListener

    @Option(help: "The camera that took the first file.")
    var queryCamera: String?

    @Option(help: "The camera that took the second file.")
    var otherCamera: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Subtract the mean of each camera's images before comparing; without either, as the gallery is set.")
    var cameraNormalization: Bool?

    @Flag(help: "The service's JSON.")
    var json = false

    mutating func run() throws {
        let client = try listener.client()
        let ids = [first, second].filter(Self.isID)
        let files = [first, second].filter { !Self.isID($0) }
        let options = [
            ("gallery", gallery), ("query_camera", queryCamera), ("other_camera", otherCamera),
            ("camera_normalization", cameraNormalization.map(String.init)),
        ]
        let query = options.compactMap { name, value in value.map { (name: name, value: $0) } }
        var request = try client.request("POST", ["v1", "compare"], query: query + ids.map { ("image_id", $0) })
        let form = files.isEmpty ? nil : try ImageForm(files)
        if let form { request.add("Content-Type", form.contentType) }
        let answer = try client.exchange(request, body: form.map { .bytes([UInt8]($0.body)) }).body
        if json { return print(String(decoding: answer, as: UTF8.self)) }
        try show(try JSONDecoder().decode(ComparisonAnswer.self, from: Data(answer)))
    }

    /// Whether an argument is the id of an enrolled image; a file of that name is taken as a file.
    private static func isID(_ argument: String) -> Bool {
        argument.hasPrefix("i_") && !FileManager.default.fileExists(atPath: argument)
    }

    private func show(_ answer: ComparisonAnswer) throws {
        for warning in answer.warnings ?? [] { Terminal.complain("warning: \(warning)") }
        print(
            Terminal.facts([
                ("gallery", answer.gallery ?? "-"), ("distance", String(format: "%.4f", answer.distance)),
                ("similarity", String(format: "%.4f", answer.similarity)),
                ("probability", answer.probability.map { String(format: "%.2f", $0) } ?? "-"),
                ("camera normalization", answer.cameraNormalization ? "on" : "off"), ("model", answer.model),
            ]))
        if let reason = answer.reason { Terminal.complain("no probability: \(reason)") }
    }
}
