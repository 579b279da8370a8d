public import Datasets
public import Ranking
public import TensorFiles
internal import Tensors

/// Features and labels of queries and gallery.
public struct FeatureSet: Sendable {
    /// The features of the queries.
    public let query: EmbeddingMatrix
    /// The features of the gallery, of the same dimensions.
    public let gallery: EmbeddingMatrix
    /// Person and camera of each query.
    public let querySightings: [Sighting]
    /// Person and camera of each gallery image.
    public let gallerySightings: [Sighting]

    /// Joins features with a label for each row.
    public init(
        query: EmbeddingMatrix, gallery: EmbeddingMatrix, querySightings: [Sighting], gallerySightings: [Sighting]
    ) {
        precondition(query.dimensions == gallery.dimensions, "rows of \(query.dimensions) and of \(gallery.dimensions)")
        precondition(query.count == querySightings.count && gallery.count == gallerySightings.count)
        self.query = query
        self.gallery = gallery
        self.querySightings = querySightings
        self.gallerySightings = gallerySightings
    }

    /// Reads and checks the six tensors of a safetensors file: `query` and `gallery`, rows of float32, and int64 labels
    /// `query_person`, `query_camera`, `gallery_person`, `gallery_camera`.
    public init(contentsOf path: String) throws(FeatureSetError) {
        let file: SafetensorsFile
        do { file = try SafetensorsFile(contentsOf: path) } catch { throw .file(error) }
        func rows(_ name: String) throws(FeatureSetError) -> EmbeddingMatrix {
            let tensor: Tensor
            do { tensor = try file.floats(name) } catch { throw .file(error) }
            guard tensor.shape.count == 2, tensor.shape[1] > 0 else {
                throw .notRows(name: name, shape: tensor.shape)
            }
            do {
                return try EmbeddingMatrix(elements: tensor.elements, dimensions: tensor.shape[1])
            } catch { throw .unrankable(name: name, error: error) }
        }
        func labels(_ name: String, _ count: Int) throws(FeatureSetError) -> [Int] {
            let (shape, elements): ([Int], [Int64])
            do { (shape, elements) = try file.integers(name) } catch { throw .file(error) }
            guard shape == [count] else { throw .wrongLabels(name: name, expected: count, shape: shape) }
            return elements.map { Int($0) }
        }
        func sightings(_ name: String, _ count: Int) throws(FeatureSetError) -> [Sighting] {
            zip(try labels("\(name)_person", count), try labels("\(name)_camera", count)).map(Sighting.init)
        }
        let (query, gallery) = (try rows("query"), try rows("gallery"))
        guard query.dimensions == gallery.dimensions else {
            throw .differentDimensions(query: query.dimensions, gallery: gallery.dimensions)
        }
        self.init(
            query: query, gallery: gallery, querySightings: try sightings("query", query.count),
            gallerySightings: try sightings("gallery", gallery.count))
    }

    /// Reads and checks a .npy matrix [rows, dimensions] of float32 or float64, and the manifest that labels each of its rows.
    public init(array path: String, manifest: String) throws(FeatureSetError) {
        let array: NumpyArray
        do { array = try NumpyArray(contentsOf: path) } catch { throw .array(error) }
        guard array.shape.count == 2, array.shape[1] > 0 else { throw .notMatrix(shape: array.shape) }
        let rows: EmbeddingMatrix
        do { rows = try EmbeddingMatrix(array) } catch { throw .unrankableArray(error) }
        let labels: [FeatureLabel]
        do { labels = try readFeatureLabels(contentsOf: manifest) } catch { throw .manifest(error) }
        guard labels.count == rows.count else {
            throw .wrongLines(manifest: manifest, expected: rows.count, found: labels.count)
        }
        func places(of side: FeatureLabel.Side) throws(FeatureSetError) -> [Int] {
            let places = labels.indices.filter { labels[$0].side == side }
            guard !places.isEmpty else { throw .emptySide(side, manifest: manifest) }
            return places
        }
        let (query, gallery) = (try places(of: .query), try places(of: .gallery))
        self.init(
            query: rows.selecting(query), gallery: rows.selecting(gallery),
            querySightings: query.map { labels[$0].sighting }, gallerySightings: gallery.map { labels[$0].sighting })
    }

    /// Writes a file that `init(contentsOf:)` reads.
    public func write(to path: String, metadata: [String: String] = [:]) throws(SafetensorsError) {
        func tensor(_ matrix: EmbeddingMatrix) -> SafetensorsValue {
            .floats(
                Tensor(
                    shape: [matrix.count, matrix.dimensions], elements: (0..<matrix.count).flatMap { matrix[$0] }))
        }
        func labels(_ sightings: [Sighting], _ label: (Sighting) -> Int) -> SafetensorsValue {
            .integers(shape: [sightings.count], elements: sightings.map { Int64(label($0)) })
        }
        try SafetensorsWriter.write(
            [
                ("query", tensor(query)), ("gallery", tensor(gallery)),
                ("query_person", labels(querySightings, \.person)), ("query_camera", labels(querySightings, \.camera)),
                ("gallery_person", labels(gallerySightings, \.person)),
                ("gallery_camera", labels(gallerySightings, \.camera)),
            ], metadata: metadata, to: path)
    }

    /// The set without gallery images of person -1.
    public func withoutJunk() -> FeatureSet {
        let kept = gallerySightings.indices.filter { gallerySightings[$0].person != Sighting.junkPerson }
        guard kept.count < gallery.count else { return self }
        return FeatureSet(
            query: query, gallery: gallery.selecting(kept), querySightings: querySightings,
            gallerySightings: kept.map { gallerySightings[$0] })
    }

    /// The set with only some columns of every feature, scaled to length 1; a row of zeros stays as it is.
    public func part(_ columns: Range<Int>) -> FeatureSet {
        precondition(
            columns.lowerBound >= 0 && columns.upperBound <= query.dimensions,
            "columns \(columns) of \(query.dimensions)")
        guard columns.count < query.dimensions else { return self }
        func part(_ matrix: EmbeddingMatrix) -> EmbeddingMatrix {
            var result = EmbeddingMatrix(dimensions: columns.count)
            for row in 0..<matrix.count {
                let values = matrix[row][columns]
                let length = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
                result.append(values.map { length > 0 ? Float(Double($0) / length) : $0 })
            }
            return result
        }
        return FeatureSet(
            query: part(query), gallery: part(gallery), querySightings: querySightings,
            gallerySightings: gallerySightings)
    }
}

/// Why a file, or an array with its manifest, could not be read as a feature set.
public enum FeatureSetError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file cannot be read, or a tensor is missing or of another type.
    case file(SafetensorsError)
    /// Features are not [n, dimensions].
    case notRows(name: String, shape: [Int])
    /// A feature contains a value that is not finite.
    case unrankable(name: String, error: RankingError)
    /// The number of labels differs from the number of rows.
    case wrongLabels(name: String, expected: Int, shape: [Int])
    /// Rows of queries and gallery differ in length.
    case differentDimensions(query: Int, gallery: Int)
    /// The array cannot be read, or is of another type.
    case array(NumpyError)
    /// The array is not [rows, dimensions].
    case notMatrix(shape: [Int])
    /// A row of the array contains a value that is not finite.
    case unrankableArray(RankingError)
    /// The manifest cannot be read, or a line of it is malformed; the error names the manifest.
    case manifest(DatasetError)
    /// The number of lines in the manifest differs from the number of rows in the array.
    case wrongLines(manifest: String, expected: Int, found: Int)
    /// The manifest has no query, or no gallery image.
    case emptySide(FeatureLabel.Side, manifest: String)

    /// What went wrong, in one sentence.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .notRows(let name, let shape): "`\(name)` must be rows [n, dimensions], and is \(shape)"
        case .unrankable(let name, let error): "`\(name)`: \(error)"
        case .wrongLabels(let name, let expected, let shape):
            "`\(name)` must be [\(expected)], one for each row, and is \(shape)"
        case .differentDimensions(let query, let gallery):
            "rows of `query` have \(query) values and rows of `gallery` \(gallery): they must be equal"
        case .array(let error): error.description
        case .notMatrix(let shape): "the array must be rows [n, dimensions], and is \(shape)"
        case .unrankableArray(let error): error.description
        case .manifest(let error): error.description
        case .wrongLines(let manifest, let expected, let found):
            "\(manifest) must have \(expected) lines, one for each row, and has \(found)"
        case .emptySide(let side, let manifest): "\(manifest) must have a line of the set \(side), and has none"
        }
    }
}

extension FeatureSet {
    /// The features without their cameras' means, see `CameraMeans`; the means are those of the gallery alone.
    ///
    /// Without a camera that has a mean, the features stay as they are.
    public var cameraNormalized: FeatureSet {
        // A negative number stands for no camera.
        func cameras(_ sightings: [Sighting]) -> [Int?] { sightings.map { $0.camera < 0 ? nil : $0.camera } }
        let (queryCameras, galleryCameras) = (cameras(querySightings), cameras(gallerySightings))
        let means = CameraMeans(of: gallery, cameras: galleryCameras)
        guard !means.cameras.isEmpty else { return self }
        return FeatureSet(
            query: means.normalized(query, of: queryCameras), gallery: means.normalized(gallery, of: galleryCameras),
            querySightings: querySightings, gallerySightings: gallerySightings)
    }
}

extension FeatureSet {
    /// For each camera of a query: the places of its queries, and these queries with the gallery of all other cameras.
    var acrossCameras: [(queries: [Int], set: FeatureSet)] {
        let cameras = Set(querySightings.map(\.camera)).sorted()
        return cameras.map { camera in
            let queries = querySightings.indices.filter { querySightings[$0].camera == camera }
            let rows = gallerySightings.indices.filter { gallerySightings[$0].camera != camera }
            return (
                queries,
                FeatureSet(
                    query: query.selecting(queries), gallery: gallery.selecting(rows),
                    querySightings: queries.map { querySightings[$0] },
                    gallerySightings: rows.map { gallerySightings[$0] })
            )
        }
    }
}
