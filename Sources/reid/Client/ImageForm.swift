internal import Foundation
internal import Imaging
internal import TensorFiles

/// Images of one person as the body of a search.
struct ImageForm {
    let contentType: String
    let body: Data

    /// Reads the files; a single image becomes the body itself, several become the parts of a form.
    init(_ paths: [String]) throws {
        let images = try paths.map { path in
            do { return Data(try readRegularFile(path)) } catch {
                throw CommandFailure("\(path): \(describe(error))")
            }
        }
        if images.count == 1, let image = images.first {
            (contentType, body) = (Self.type(of: image), image)
            return
        }
        let boundary = "reid-\(UUID().uuidString)"
        var form = Data()
        for (index, image) in images.enumerated() {
            let head = """
                --\(boundary)\r
                Content-Disposition: form-data; name="image"; filename="image-\(index + 1)"\r
                Content-Type: \(Self.type(of: image))\r
                \r\n
                """
            form += Data(head.utf8) + image + Data("\r\n".utf8)
        }
        contentType = "multipart/form-data; boundary=\(boundary)"
        body = form + Data("--\(boundary)--\r\n".utf8)
    }

    /// The media type, recognized by the first bytes; the service reports what is not an image.
    private static func type(of image: Data) -> String {
        (ImageFormat.sniff(Array(image.prefix(16))) ?? .jpeg).rawValue
    }
}
