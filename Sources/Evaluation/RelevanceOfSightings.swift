internal import Datasets
internal import Ranking

extension Relevance {
    /// What an image is for a query: right where it shows the same person by another camera.
    ///
    /// Images of the query's person by the query's camera are ignored, and junk images where `ignoringJunk` says so.
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
