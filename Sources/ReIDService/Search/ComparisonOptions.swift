/// The options of a comparison: which enrolled images take part, and how vectors are compared.
struct ComparisonOptions: Encodable, Sendable, Equatable {
    /// The number of images that a comparison takes, those of the request and enrolled ones together.
    static let images = 2

    /// The gallery that the comparison is made in; nil: that of the enrolled images, or none.
    var gallery: String?
    /// The ids of the enrolled images.
    var imageIDs: [String] = []
    /// The camera that took the request's first image; nil: it is not known.
    var queryCamera: String?
    /// The camera that took the request's second image; nil: it is not known.
    var otherCamera: String?
    /// Whether the cameras' means are subtracted; nil: as the gallery is set.
    var cameraNormalization: Bool?

    private enum CodingKeys: String, CodingKey {
        case gallery
        case imageIDs = "image_id"
        case queryCamera = "query_camera"
        case otherCamera = "other_camera"
        case cameraNormalization = "camera_normalization"
    }

    /// Replaces the options that `source` has; the others stay.
    mutating func read(from source: inout some OptionSource) throws(ServiceError) {
        gallery = try source.text("gallery") ?? gallery
        imageIDs = try source.texts("image_id") ?? imageIDs
        queryCamera = try source.text("query_camera") ?? queryCamera
        otherCamera = try source.text("other_camera") ?? otherCamera
        cameraNormalization = try source.flag("camera_normalization") ?? cameraNormalization
    }

    /// Throws unless there are two images, and cameras are given only for those of the request.
    func check(uploads: Int) throws(ServiceError) {
        guard uploads + imageIDs.count == Self.images else {
            throw .notTwoImages(uploaded: uploads, enrolled: imageIDs.count)
        }
        for (name, camera, place) in [("query_camera", queryCamera, 0), ("other_camera", otherCamera, 1)]
        where camera != nil && uploads <= place {
            throw .invalidParameter(
                name, expected: "absent: the request has \(uploads) images, and an enrolled image's camera is known")
        }
    }
}
