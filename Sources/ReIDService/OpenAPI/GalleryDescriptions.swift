internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Imaging

/// `galleryRoutes`.
func galleryDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    let unknown = GalleryError.unknownGallery("hall")
    return [
        RouteDescription(
            method: .get, pattern: "/v1/galleries", name: "listGalleries", summary: "List the galleries by name.",
            parameters: Parameter.page(configuration.limits, cursors: nil),
            answers: [
                .json(
                    "A page of galleries.", .component("GalleryPage"),
                    example: ListAnswer(items: [Examples.gallery], next: nil))
            ]),
        RouteDescription(
            method: .get, pattern: "/v1/galleries/{gallery}", name: "getGallery", summary: "Get a gallery.",
            answers: [.json("The gallery.", .component("Gallery"), example: Examples.gallery)], refusals: [unknown]),
        RouteDescription(
            method: .get, pattern: "/v1/galleries/{gallery}/images", name: "listImages",
            summary: "List a gallery's images, with the filters of a search.",
            parameters: SearchOptionDescriptions.filterParameters
                + Parameter.page(configuration.limits, cursors: "i"),
            answers: [
                .json(
                    "A page of images.", .component("ImagePage"),
                    example: ListAnswer(items: [Examples.image], next: "i1k"))
            ],
            refusals: [
                unknown, GalleryError.invalidCursor("x"),
                ServiceError.invalidParameter("captured_to", expected: "no earlier than captured_from"),
            ]),
    ]
}

/// `imageRoutes`.
func imageDescriptions() -> [RouteDescription] {
    let unknown = GalleryError.unknownImage(Examples.imageID)
    let noContent = GalleryError.noContent(image: Examples.imageID)
    return [
        RouteDescription(
            method: .get, pattern: "/v1/images/{image}", name: "getImage",
            summary: "Get what is known about an enrolled image.",
            answers: [.json("The image.", .component("Image"), example: Examples.image)], refusals: [unknown]),
        RouteDescription(
            method: .get, pattern: "/v1/images/{image}/content", name: "getImageContent",
            summary: "Get an enrolled image as it is stored.", parameters: Parameter.ofImages,
            answers: [
                .image("The image.", types: ImageFormat.common.map(\.rawValue)),
                .part(types: ImageFormat.common.map(\.rawValue)), .notModified,
            ],
            refusals: [unknown, noContent] + Refusals.ofRanges),
        RouteDescription(
            method: .get, pattern: "/v1/images/{image}/attention", name: "getAttention",
            summary: "Get an enrolled image with the attention of one branch drawn over it.",
            parameters: [
                .query("branch", .integer("Which branch, from 0.", in: 0...Int(Int32.max)).usually(0))
            ] + Parameter.ofImages,
            answers: [
                .image("The drawing.", types: [ImageFormat.png.rawValue]), .part(types: [ImageFormat.png.rawValue]),
                .notModified,
            ],
            refusals: [
                unknown, noContent, ServiceError.unknownBranch(8, branches: 8),
                ServiceError.invalidParameter("branch", expected: wholeNumber(in: 0...Int(Int32.max))),
            ] + Refusals.ofRanges),
    ]
}
