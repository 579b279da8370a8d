public import ArgumentParser
public import Gallery

extension Timestamp: ExpressibleByArgument {
    /// Reads RFC 3339.
    public init?(argument: String) { self.init(rfc3339: argument) }
}

/// The filters on the images of a gallery, the same for searches and lists.
struct FilterArguments: ParsableArguments {
    @Option(help: "Only images of this camera; repeatable.")
    var camera: [String] = []

    @Option(help: "No image of this camera; repeatable.")
    var excludeCamera: [String] = []

    @Option(help: "Only images captured at this time or later, such as 2026-11-22T10:00:00Z.")
    var capturedFrom: Timestamp?

    @Option(help: "Only images captured at this time or earlier.")
    var capturedTo: Timestamp?

    @Option(help: "Only images of this person.")
    var person: String?

    @Option(help: "Only images with this external id.")
    var externalId: String?

    func validate() throws {
        if let capturedFrom, let capturedTo, capturedTo < capturedFrom {
            throw ValidationError("--captured-to must not be before --captured-from")
        }
    }

    /// The filters as query parameters of the service.
    var parameters: [(name: String, value: String)] {
        let single = [
            ("captured_from", capturedFrom?.rfc3339), ("captured_to", capturedTo?.rfc3339), ("person", person),
            ("external_id", externalId),
        ]
        return camera.map { ("camera", $0) } + excludeCamera.map { ("exclude_camera", $0) }
            + single.compactMap { name, value in value.map { (name, $0) } }
    }
}

/// The filters of an erasure and of a hold: those of a list, and two more.
struct ErasureArguments: ParsableArguments {
    @Option(help: "Only the image with this id; repeatable.")
    var id: [String] = []

    @Option(help: "Only images enrolled at this time or earlier.")
    var enrolledTo: Timestamp?

    @OptionGroup var filter: FilterArguments

    /// The filters as query parameters of the service.
    var parameters: [(name: String, value: String)] {
        filter.parameters + id.map { ("id", $0) } + (enrolledTo.map { [("enrolled_to", $0.rfc3339)] } ?? [])
    }

    /// The filters for a question or an answer, such as "camera=c1, person=0042".
    var sentence: String { parameters.map { "\($0.name)=\($0.value)" }.joined(separator: ", ") }
}
