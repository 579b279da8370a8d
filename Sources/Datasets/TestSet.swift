/// A part of an image as it is seen, in pixels from the top left corner.
public struct ImageBox: Sendable, Equatable {
    /// The left edge.
    public let x: Int
    /// The top edge.
    public let y: Int
    /// At least 1.
    public let width: Int
    /// At least 1.
    public let height: Int
}

/// An image file, and whom it shows.
public struct TestImage: Sendable, Equatable {
    /// Where the file is.
    public let path: String
    /// The person and the camera.
    public let sighting: Sighting
    /// The part that shows the person; nil for all of it.
    public let box: ImageBox?

    /// An image of a person before a camera.
    public init(path: String, person: Int, camera: Int, box: ImageBox? = nil) {
        self.path = path
        sighting = Sighting(person: person, camera: camera)
        self.box = box
    }
}

/// What is looked for, and where.
public struct RetrievalTask: Sendable, Equatable {
    /// Which of several, as "split 3, A to B"; empty where there is only one.
    public let name: String
    /// What is looked for.
    public let queries: [TestImage]
    /// What is searched.
    public let gallery: [TestImage]

    /// A task; `name` is empty where there is only one.
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
    /// One task, or one for each random split and direction; figures are the means over them.
    public let tasks: [RetrievalTask]
    /// What the random splits come from; nil where the split is fixed.
    public let seed: UInt64?
    /// What whoever reads the figures should know: how they come about, and where the folder differs from what was published.
    public let notes: [String]
    /// The images of the training part that the folder holds or lists; 0 where it has none.
    public let trainingImages: Int

    /// What may be chosen about a test set.
    public struct Options: Sendable, Equatable {
        /// Where random splits come from.
        public var seed: UInt64 = 1
        /// How many random splits are made.
        public var splits = 10
        /// CUHK03: whether the detected boxes are taken instead of the labeled ones.
        public var isDetected = false

        /// Ten splits of seed 1, labeled boxes.
        public init() {}
    }

    /// Reads the data set in a folder.
    ///
    /// - Throws: `DatasetError`, which names the file that is missing or not as it should be.
    public init(_ kind: DatasetKind, folder: String, options: Options = Options()) throws(DatasetError) {
        let root = try DatasetFolder(folder)
        switch kind {
        case .market1501, .dukemtmc: self = try readMarket(root, kind)
        case .cuhk03: self = try readCUHK03(root, isDetected: options.isDetected)
        case .msmt17: self = try readMSMT17(root)
        case .viper: self = try readVIPeR(root, options)
        case .cuhk01: self = try readCUHK01(root, options)
        case .threeDPeS: self = try read3DPeS(root, options)
        case .folder: self = try readPlainFolder(root)
        }
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
