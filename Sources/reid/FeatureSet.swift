internal import Ranking
internal import Tensors

/// Features and labels of queries and gallery, from one safetensors file.
struct FeatureSet {
    let query: EmbeddingMatrix
    private(set) var gallery: EmbeddingMatrix
    /// Who each query shows.
    let querySightings: [Sighting]
    /// Who each gallery image shows.
    private(set) var gallerySightings: [Sighting]

    /// Reads and checks the six tensors; a failure names the tensor and both shapes.
    init(path: String) throws {
        func fail(_ reason: String) -> CommandFailure { CommandFailure("\(path): \(reason)") }
        let file: SafetensorsFile
        do { file = try SafetensorsFile(contentsOf: path) } catch { throw fail("\(error)") }
        func rows(_ name: String) throws -> EmbeddingMatrix {
            do {
                let tensor = try file.floats(name)
                guard tensor.shape.count == 2, tensor.shape[1] > 0 else {
                    throw fail("`\(name)` must be rows [n, dimensions], and is \(tensor.shape)")
                }
                return try EmbeddingMatrix(elements: tensor.elements, dimensions: tensor.shape[1])
            } catch let error as RankingError {
                throw fail("`\(name)`: \(error)")
            } catch let error as SafetensorsError {
                throw fail("\(error)")
            }
        }
        func sightings(_ name: String, _ count: Int) throws -> [Sighting] {
            func labels(_ name: String) throws -> [Int64] {
                let (shape, elements): ([Int], [Int64])
                do { (shape, elements) = try file.integers(name) } catch { throw fail("\(error)") }
                guard shape == [count] else {
                    throw fail("`\(name)` must be [\(count)], one for each row, and is \(shape)")
                }
                return elements
            }
            return zip(try labels("\(name)_person"), try labels("\(name)_camera")).map { person, camera in
                Sighting(person: Int(person), camera: Int(camera))
            }
        }
        query = try rows("query")
        gallery = try rows("gallery")
        guard query.dimensions == gallery.dimensions else {
            throw fail(
                "rows of `query` have \(query.dimensions) values and rows of `gallery` \(gallery.dimensions): they must agree"
            )
        }
        querySightings = try sightings("query", query.count)
        gallerySightings = try sightings("gallery", gallery.count)
    }

    /// The set without gallery images of person -1.
    func withoutJunk() -> FeatureSet {
        let kept = gallerySightings.indices.filter { gallerySightings[$0].person != Sighting.junkPerson }
        guard kept.count < gallery.count else { return self }
        var set = self
        set.gallery = gallery.selecting(kept)
        set.gallerySightings = kept.map { gallerySightings[$0] }
        return set
    }
}
