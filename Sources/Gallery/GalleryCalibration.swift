public import Ranking

/// What turns the distances of a gallery's searches into probabilities, and for which searches.
public struct GalleryCalibration: Sendable, Equatable {
    /// How a search orders images; each way has distances of its own, and so a curve of its own.
    public struct Method: Codable, Hashable, Sendable {
        /// How the nearest images are re-ranked.
        public struct ReRanked: Codable, Hashable, Sendable {
            /// The number of neighbors within which two images must have each other.
            public let k1: Int
            /// The number of neighbors whose encodings are averaged.
            public let k2: Int
            /// The share of the original distance in the re-ranked one, 0...1.
            public let lambda: Double
            /// The number of nearest images that are re-ranked.
            public let candidates: Int

            /// Joins the options of a re-ranking.
            public init(k1: Int, k2: Int, lambda: Double, candidates: Int) {
                self.k1 = k1
                self.k2 = k2
                self.lambda = lambda
                self.candidates = candidates
            }
        }

        /// Whether images are compared without the means of their cameras.
        public let isNormalized: Bool
        /// How images are re-ranked; nil: they are not.
        public let reRanked: ReRanked?

        /// Describes a way of searching.
        public init(isNormalized: Bool, reRanked: ReRanked?) {
            self.isNormalized = isNormalized
            self.reRanked = reRanked
        }
    }

    /// A curve, with the searches that it is for.
    public struct Fit: Codable, Sendable, Equatable {
        /// The searches.
        public let method: Method
        /// The curve, and how good it is.
        public let calibration: Calibration

        /// Joins a curve with the searches that it is for.
        public init(_ calibration: Calibration, of method: Method) {
            self.calibration = calibration
            self.method = method
        }
    }

    /// The model that made the vectors.
    public let model: String
    /// The gallery's images when it was calibrated.
    public let images: Int
    /// When it was calibrated.
    public let createdAt: Timestamp
    /// The curves, of different methods.
    public let fits: [Fit]

    /// The curve of a method; nil if there is none.
    public func fit(of method: Method) -> Fit? { fits.first { $0.method == method } }
}

extension GallerySummary {
    /// Whether the calibration is out of date: it is of another model, or the gallery has grown by half since.
    ///
    /// The more images of other people there are, the more of them are near a query, so that probabilities become too high.
    /// False without a calibration.
    public var isCalibrationStale: Bool {
        calibration.map { $0.model != model || 2 * images >= 3 * $0.images } ?? false
    }

    /// The curve that gives the distances of such a search their probabilities.
    ///
    /// - Returns: Nil if the gallery is not calibrated for it, or was with another model; a curve that is stale because the
    ///   gallery has grown is returned.
    public func probabilities(of method: GalleryCalibration.Method) -> ProbabilityCurve? {
        guard let calibration, calibration.model == model else { return nil }
        return calibration.fit(of: method)?.calibration.curve
    }
}
