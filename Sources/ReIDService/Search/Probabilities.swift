internal import Gallery
internal import Ranking

/// The probabilities of one search's results, if its gallery is calibrated for what the search does.
struct Probabilities {
    private let gallery: GallerySummary
    private let method: GalleryCalibration.Method
    private let curve: ProbabilityCurve?
    private let hasMinimum: Bool

    /// Below this probability of the best result, nobody in the gallery may be the person.
    static let doubtful = 0.5

    init(of options: SearchOptions, in snapshot: GallerySnapshot) {
        gallery = snapshot.summary
        method = options.method(isNormalized: options.isNormalized(in: snapshot))
        hasMinimum = options.minimumProbability != nil
        curve = gallery.probabilities(of: method)
    }

    /// The probability that a result shows the query's person; nil without a calibration, and past the re-ranked candidates.
    func probability(distance: Float, reRankedDistance: Double?) -> Double? {
        guard let curve else { return nil }
        guard method.reRanked != nil else { return curve.probability(ofDistance: Double(distance)) }
        return reRankedDistance.map(curve.probability(ofDistance:))
    }

    /// What the gallery lacks for the search to have probabilities, as a sentence; nil: nothing.
    var missing: String? {
        guard curve == nil else { return nil }
        guard let calibration = gallery.calibration else {
            return "It is not calibrated; POST /admin/v1/galleries/\(gallery.name)/calibrate does it."
        }
        guard calibration.model == gallery.model else { return "It was calibrated for another model." }
        let ways = method.reRanked.map {
            "re-rank with k1 \($0.k1), k2 \($0.k2), lambda \($0.lambda) and candidates \($0.candidates)"
        }
        return "It is not calibrated for searches that \(ways ?? "do not re-rank") "
            + (method.isNormalized ? "and" : "and do not") + " subtract the cameras' means."
    }

    /// What an operator should know of a ranking.
    ///
    /// - Parameter best: The probability of its best result; nil: there is none.
    /// - Returns: Sentences.
    func warnings(best: Double?) -> [String] {
        guard curve != nil, let calibration = gallery.calibration else {
            // A kept query may lose its probabilities, for example when a first camera gets a mean.
            return hasMinimum ? missing.map { ["No result has a probability, so none is shown. " + $0] } ?? [] : []
        }
        var warnings: [String] = []
        if let best, best < Self.doubtful {
            let percent = (best * 100).rounded(.down) / 100
            warnings.append(
                "Nobody in this gallery may be the person: the best result has a probability of \(percent).")
        }
        if gallery.isCalibrationStale {
            warnings.append(
                "The gallery has grown from \(calibration.images) to \(gallery.images) images since it was calibrated, so that "
                    + "probabilities may be too high.")
        }
        return warnings
    }
}

extension SearchOptions {
    /// How the search orders images.
    func method(isNormalized: Bool) -> GalleryCalibration.Method {
        GalleryCalibration.Method(
            isNormalized: isNormalized,
            reRanked: rerank ? .init(k1: k1, k2: k2, lambda: lambda, candidates: candidates) : nil)
    }

    /// Whether the search subtracts means: it is to, and a camera of the gallery has one.
    func isNormalized(in snapshot: GallerySnapshot) -> Bool {
        (cameraNormalization ?? snapshot.cameraNormalization) && !snapshot.cameraMeans.cameras.isEmpty
    }

    /// Throws `ServiceError.notCalibrated` if there is a minimum probability, but the gallery has no probabilities for it.
    func checkProbability(in snapshot: GallerySnapshot) throws(ServiceError) {
        guard minimumProbability != nil,
            let missing = Probabilities(of: self, in: snapshot).missing
        else { return }
        throw .notCalibrated(gallery: snapshot.name, missing: missing)
    }
}
