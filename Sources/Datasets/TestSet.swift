/// A rectangle of an image, in pixels from the top left corner, after EXIF orientation.
public struct ImageBox: Sendable, Equatable {
    /// The left edge.
    public let x: Int
    /// The top edge.
    public let y: Int
    /// Pixels, at least 1.
    public let width: Int
    /// Pixels, at least 1.
    public let height: Int

    /// A box of `width` × `height` pixels, both at least 1, whose top left corner is (`x`, `y`).
    public init(x: Int, y: Int, width: Int, height: Int) {
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
    }
}

/// An image file of a test set, with its labels.
public struct TestImage: Sendable, Equatable {
    /// Where the file is.
    public let path: String
    /// The person and the camera.
    public let sighting: Sighting
    /// The part that shows the person; nil: the whole image.
    public let box: ImageBox?

    /// Labels an image with a person and a camera.
    public init(path: String, person: Int, camera: Int, box: ImageBox? = nil) {
        self.path = path
        sighting = Sighting(person: person, camera: camera)
        self.box = box
    }
}

/// One search problem: queries, and the gallery that they are searched in.
public struct RetrievalTask: Sendable, Equatable {
    /// The task's name among several, such as "split 3, A to B"; empty if there is only one.
    public let name: String
    /// The query images.
    public let queries: [TestImage]
    /// The gallery images.
    public let gallery: [TestImage]

    /// Creates a task; `name` is empty if there is only one.
    public init(name: String, queries: [TestImage], gallery: [TestImage]) {
        self.name = name
        self.queries = queries
        self.gallery = gallery
    }
}

/// The test part of a data set, as its authors published it.
public struct TestSet: Sendable, Equatable {
    /// Which data set.
    public let kind: DatasetKind
    /// One task, or one for each random split and direction; figures are means over the tasks.
    public let tasks: [RetrievalTask]
    /// The seed of the random splits; nil if the split is fixed.
    public let seed: UInt64?
    /// Notes for readers of the figures: how the split was made, and where the folder differs from the published data
    /// set.
    public let notes: [String]
    /// The number of training images that the folder contains or lists; 0 if it has none.
    public let trainingImages: Int

    /// The choices that a caller has about a test set.
    public struct Options: Sendable, Equatable {
        /// The seed of random splits.
        public var seed: UInt64 = 1
        /// The number of random splits.
        public var splits = 10
        /// For `folder`: whether every image of a person is a query, and is looked for in all others; else one for each person
        /// and camera.
        public var queriesEveryImage = false
        /// For CUHK03: whether the detected boxes are used instead of the labeled ones.
        public var isDetected = false

        /// Ten splits of seed 1, labeled boxes.
        public init() {}
    }

    /// Reads the data set in a folder.
    ///
    /// - Throws: `DatasetError`, which names the file that is missing or malformed.
    public init(_ kind: DatasetKind, folder: String, options: Options = Options()) throws(DatasetError) {
        let root = try DatasetFolder(folder)
        switch kind {
        case .market1501, .dukemtmc: self = try readMarket(root, kind)
        case .cuhk03: self = try readCUHK03(root, isDetected: options.isDetected)
        case .msmt17: self = try readMSMT17(root)
        case .viper: self = try readVIPeR(root, options)
        case .cuhk01: self = try readCUHK01(root, options)
        case .threeDPeS: self = try read3DPeS(root, options)
        case .folder: self = try readPlainFolder(root, queriesEveryImage: options.queriesEveryImage)
        }
    }

    /// A set of one task whose images are known already.
    public init(queries: [TestImage], gallery: [TestImage]) {
        self.init(.folder, tasks: [RetrievalTask(name: "", queries: queries, gallery: gallery)])
    }

    init(
        _ kind: DatasetKind, tasks: [RetrievalTask], seed: UInt64? = nil, notes: [String] = [],
        trainingImages: Int = 0
    ) {
        self.kind = kind
        self.tasks = tasks
        self.seed = seed
        self.notes = notes
        self.trainingImages = trainingImages
    }
}
