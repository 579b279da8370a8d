internal import Datasets
internal import Ranking

extension Relevance {
    /// Whether an image is a right answer to a query, a wrong one, or ignored.
    ///
    /// An image of the same person by another camera is right. Images of the same person by the same camera are
    /// ignored, and junk images if `ignoringJunk` is true.
    init(of image: Sighting, to query: Sighting, ignoringJunk: Bool) {
        if ignoringJunk, image.person == Sighting.junkPerson {
            self = .ignored
        } else if image.person != query.person {
            self = .wrong
        } else {
            self = image.camera == query.camera ? .ignored : .right
        }
    }
}
