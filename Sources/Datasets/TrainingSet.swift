internal import Foundation

/// An image of a known person.
public struct TrainingImage: Sendable, Equatable {
    /// Where the file is.
    public let path: String
    /// The person, in 0..<`TrainingSet.personCount`; for images of a separate validation folder, the number in their
    /// names.
    public let person: Int
    /// The camera's number; in validation, an image is not an answer to a query of the same person by the same camera.
    public let camera: Int

    /// Labels an image with a person and a camera.
    public init(path: String, person: Int, camera: Int) {
        self.path = path
        self.person = person
        self.camera = camera
    }
}

/// The images of a training run, read from a folder in one of three layouts.
///
/// - `bounding_box_train` holds images named as in Market-1501, `0002_c1s1_000451_03.jpg` or `0005_c2_f0046985.jpg`: person, camera.
/// - Images with such names are in the folder itself.
/// - Each subfolder is a person, and an image's name begins with its camera, `anna/door_0001.jpg`, or is one of Market-1501's.
///
/// Training leaves out persons -1 and 0, that is, junk and distractors. All lists are sorted by name.
public struct TrainingSet: Sendable {
    /// The images to train on.
    public let train: [TrainingImage]
    /// The queries of a validation.
    public let validationQueries: [TrainingImage]
    /// The gallery of a validation.
    public let validationGallery: [TrainingImage]
    /// The names of the people in the folder; a person's number is the index of the name.
    public let people: [String]

    /// The number of people.
    public var personCount: Int { people.count }

    /// The endings of the names of image files that training reads.
    private static let endings: Set<String> = ["jpg", "jpeg", "png"]

    /// Reads a folder.
    ///
    /// - Parameters:
    ///   - folder: The images.
    ///   - validation: A Market-1501 style folder with `query` and `bounding_box_test` to validate on; nil holds out
    ///     two images each of up to `heldOutPeople` people who have at least four images; the two come from different
    ///     cameras if the person has several.
    ///   - heldOutPeople: The number of people of whom images are held out; 0: none.
    /// - Throws: `TrainingSetError`.
    public init(folder: String, validation: String? = nil, heldOutPeople: Int = 200) throws(TrainingSetError) {
        let named = try Self.read(folder)
        let names = Set(named.map(\.person)).sorted()
        guard let only = names.first else { throw .noImages(folder: folder) }
        guard names.count > 1 else { throw .singlePerson(folder: folder, name: only) }
        let numbers = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        let images = named.map {
            TrainingImage(path: $0.path, person: numbers[$0.person] ?? 0, camera: $0.camera)
        }
        people = names
        if let validation {
            train = images
            validationQueries = try Self.readMarket("\(validation)/query")
            validationGallery = try Self.readMarket("\(validation)/bounding_box_test")
        } else {
            (train, validationQueries, validationGallery) = Self.holdOut(images, people: names.count, heldOutPeople)
        }
    }

    /// A digest of the list of training images: of their names, people and cameras, but not of the files' contents.
    public func digest() -> String {
        // FNV-1a, 64 bits.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for image in train {
            let name = image.path.split(separator: "/").suffix(2).joined(separator: "/")
            for byte in "\(name) \(image.person) \(image.camera)\n".utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
            }
        }
        return String(hash, radix: 16)
    }

    /// An image with its person's name.
    private struct Named {
        var path: String
        var person: String
        var camera: Int
    }

    private static func read(_ folder: String) throws(TrainingSetError) -> [Named] {
        let names = try list(folder)
        if names.contains("bounding_box_train") { return try readNamed("\(folder)/bounding_box_train") }
        if names.contains(where: isImage) { return try readNamed(folder) }
        var images: [Named] = []
        for person in names where DatasetFolder.isFolder("\(folder)/\(person)") {
            var cameras: [String: Int] = [:]
            for name in try list("\(folder)/\(person)") where isImage(name) {
                let camera = name.contains("_") ? String(name.prefix { $0 != "_" }) : ""
                // "c3", "3", names of Market-1501 with four parts and names of MSMT17 contain the camera's number;
                // other cameras get numbers in the order in which they appear.
                let isMarket = name.count { $0 == "_" } == 3
                let number =
                    (isMarket ? MarketName(startOf: name)?.camera : msmt17Camera(of: name))
                    ?? Int(camera.hasPrefix("c") ? String(camera.dropFirst()) : camera)
                let known = number ?? cameras[camera] ?? 1000 + cameras.count
                cameras[camera] = known
                images.append(Named(path: "\(folder)/\(person)/\(name)", person: person, camera: known))
            }
        }
        return images
    }

    /// Images with names as in Market-1501, without junk and distractors.
    private static func readNamed(_ folder: String) throws(TrainingSetError) -> [Named] {
        var images: [Named] = []
        for name in try list(folder) where isImage(name) {
            guard let market = MarketName(startOf: name) else { throw .unreadableName(folder: folder, name: name) }
            guard market.person > 0, let person = market.personID else { continue }
            images.append(Named(path: "\(folder)/\(name)", person: person, camera: market.camera))
        }
        return images
    }

    /// A validation folder's images; distractors stay, junk does not.
    private static func readMarket(_ folder: String) throws(TrainingSetError) -> [TrainingImage] {
        var images: [TrainingImage] = []
        for name in try list(folder) where isImage(name) {
            guard let market = MarketName(startOf: name) else { throw .unreadableName(folder: folder, name: name) }
            guard market.person != Sighting.junkPerson else { continue }
            images.append(
                TrainingImage(path: "\(folder)/\(name)", person: market.person, camera: market.camera))
        }
        guard !images.isEmpty else { throw .noImages(folder: folder) }
        return images
    }

    private static func list(_ folder: String) throws(TrainingSetError) -> [String] {
        guard DatasetFolder.isFolder(folder) else { throw .noFolder(path: folder) }
        do { return try FileManager.default.contentsOfDirectory(atPath: folder).sorted() } catch {
            throw .unreadable(path: folder, reason: error.localizedDescription)
        }
    }

    private static func isImage(_ name: String) -> Bool { DatasetFolder.isImage(name, endings: endings) }

    /// Moves a query and a gallery image of some people out of the training images; the people are chosen evenly from
    /// all.
    private static func holdOut(
        _ images: [TrainingImage], people: Int, _ limit: Int
    ) -> (train: [TrainingImage], queries: [TrainingImage], gallery: [TrainingImage]) {
        var byPerson = [[Int]](repeating: [], count: people)
        for (index, image) in images.enumerated() { byPerson[image.person].append(index) }
        let eligible = byPerson.filter { $0.count >= 4 }
        let step = max(1, (eligible.count + max(1, limit) - 1) / max(1, limit))
        var held = Set<Int>()
        var (queries, gallery): ([TrainingImage], [TrainingImage]) = ([], [])
        guard limit > 0 else { return (images, queries, gallery) }
        for position in stride(from: 0, to: eligible.count, by: step) {
            let own = eligible[position]
            let query = own[own.count / 3]
            let other = own.last { images[$0].camera != images[query].camera }
            let answer = other ?? own[own.count - 1]
            held.formUnion([query, answer])
            queries.append(images[query])
            let image = images[answer]
            // If there is only one camera, the two images count as taken by two cameras; otherwise nothing could be
            // scored.
            gallery.append(
                other != nil
                    ? image : TrainingImage(path: image.path, person: image.person, camera: -1))
        }
        return (images.indices.filter { !held.contains($0) }.map { images[$0] }, queries, gallery)
    }
}

/// Why a folder cannot be read as a training set.
public enum TrainingSetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no such folder.
    case noFolder(path: String)
    /// The folder cannot be listed.
    case unreadable(path: String, reason: String)
    /// There is no image of a person in the folder.
    case noImages(folder: String)
    /// All images show one person.
    case singlePerson(folder: String, name: String)
    /// An image's name does not contain person and camera.
    case unreadableName(folder: String, name: String)

    /// What went wrong, in one sentence.
    public var description: String {
        switch self {
        case .noFolder(let path): "\(path): there is no such folder"
        case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)"
        case .noImages(let folder):
            "\(folder) holds no images of people: expected bounding_box_train, or 0002_c1s1_000451_03.jpg, or PERSON/CAMERA_NAME.jpg"
        case .singlePerson(let folder, let name):
            "\(folder) has images of only one person, \(name); training needs at least two"
        case .unreadableName(let folder, let name):
            "\(folder)/\(name): the name does not contain person and camera, as 0002_c1s1_000451_03.jpg does"
        }
    }
}
