public import Gallery
internal import Ranking

/// For which searches a gallery's rankings have probabilities, and how good these are.
public struct CalibrationAnswer: Codable, Sendable, Equatable {
    /// When the gallery was calibrated.
    public var createdAt: Timestamp
    /// Its images then.
    public var images: Int
    /// Whether it has grown by half since, or belongs to another model now.
    public var stale: Bool
    /// The searches.
    public var searches: [CalibratedSearch]

    private enum CodingKeys: String, CodingKey {
        case createdAt = "created_at"
        case images, stale, searches
    }
}

/// What came of a job that calibrated a gallery.
public struct CalibrationResult: Codable, Sendable, Equatable {
    /// The gallery's images.
    public var images: Int
    /// The searches that have probabilities now.
    public var searches: [CalibratedSearch]
}

extension JobAnswer {
    /// What came of the job if it calibrated a gallery; nil if it did something else, or is not completed.
    public var calibration: CalibrationResult? {
        guard kind == JobKind.calibration.rawValue, let result, let bytes = try? jsonBytes(result) else { return nil }
        return try? fromJSON(bytes)
    }
}

/// Searches whose results have a probability, and how good it is for pairs of other people than it was fitted to.
public struct CalibratedSearch: Codable, Sendable, Equatable {
    /// What happens where only results with at least some probability are believed.
    public struct Rates: Codable, Sendable, Equatable {
        /// The probability.
        public var probability: Double
        /// The share of the results of the same person that are believed.
        public var matchRate: Double
        /// The share of the results of different people that are believed.
        public var falseMatchRate: Double

        private enum CodingKeys: String, CodingKey {
            case probability
            case matchRate = "match_rate"
            case falseMatchRate = "false_match_rate"
        }
    }

    /// A point of the curve of match rate over false-match rate.
    public struct Point: Codable, Sendable, Equatable {
        /// The share of the results of the same person up to some distance.
        public var matchRate: Double
        /// The share of the results of different people up to it.
        public var falseMatchRate: Double

        private enum CodingKeys: String, CodingKey {
            case matchRate = "match_rate"
            case falseMatchRate = "false_match_rate"
        }
    }

    /// Whether the cameras' means are subtracted.
    public var cameraNormalization: Bool
    /// The options of the re-ranking; null: without.
    public var reranking: GalleryCalibration.Method.ReRanked?
    /// `isotonic` or `logistic`.
    public var curve: String
    /// The mean difference between a probability and the share of results that show the person, 0...1.
    public var expectedCalibrationError: Double
    /// The mean of (probability − truth)², 0...1.
    public var brierScore: Double
    /// The chance that a result of the person is nearer than one of another person, 0...1.
    public var areaUnderROC: Double
    /// The results that were looked at.
    public var pairs: Int
    /// Those that show the query's person.
    public var samePersonPairs: Int
    /// The people who were searched for and are in the gallery.
    public var people: Int
    /// The images that were searched for.
    public var images: Int
    /// What happens at some probabilities.
    public var rates: [Rates]
    /// The curve of match rate over false-match rate; only in a job's result.
    public var roc: [Point]?

    private enum CodingKeys: String, CodingKey {
        case cameraNormalization = "camera_normalization"
        case reranking, curve
        case expectedCalibrationError = "expected_calibration_error"
        case brierScore = "brier_score"
        case areaUnderROC = "area_under_roc"
        case pairs
        case samePersonPairs = "same_person_pairs"
        case people, images, rates, roc
    }

    /// Writes no re-ranking as null.
    public func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(cameraNormalization, forKey: .cameraNormalization)
        try fields.encode(reranking, forKey: .reranking)
        try fields.encode(curve, forKey: .curve)
        try fields.encode(expectedCalibrationError, forKey: .expectedCalibrationError)
        try fields.encode(brierScore, forKey: .brierScore)
        try fields.encode(areaUnderROC, forKey: .areaUnderROC)
        try fields.encode(pairs, forKey: .pairs)
        try fields.encode(samePersonPairs, forKey: .samePersonPairs)
        try fields.encode(people, forKey: .people)
        try fields.encode(images, forKey: .images)
        try fields.encode(rates, forKey: .rates)
        try fields.encodeIfPresent(roc, forKey: .roc)
    }
}

extension CalibrationAnswer {
    /// The calibration of a gallery; nil if it has none.
    init?(_ gallery: GallerySummary) {
        guard let calibration = gallery.calibration else { return nil }
        self.init(
            createdAt: calibration.createdAt, images: calibration.images, stale: gallery.isCalibrationStale,
            searches: calibration.fits.map { CalibratedSearch($0, isWhole: false) })
    }
}

extension CalibratedSearch {
    /// Describes a curve; with its ROC if `isWhole`.
    init(_ fit: GalleryCalibration.Fit, isWhole: Bool) {
        let report = fit.calibration.report
        let curve =
            switch fit.calibration.curve {
            case .isotonic: "isotonic"
            case .logistic: "logistic"
            }
        self.init(
            cameraNormalization: fit.method.isNormalized,
            reranking: fit.method.reRanked, curve: curve, expectedCalibrationError: report.expectedCalibrationError,
            brierScore: report.brierScore,
            areaUnderROC: report.areaUnderROC, pairs: report.pairs, samePersonPairs: report.samePersonPairs,
            people: report.people, images: report.images,
            rates: report.rates.map {
                Rates(probability: $0.threshold, matchRate: $0.matchRate, falseMatchRate: $0.falseMatchRate)
            },
            roc: isWhole
                ? report.roc.map { Point(matchRate: $0.matchRate, falseMatchRate: $0.falseMatchRate) } : nil)
    }
}
