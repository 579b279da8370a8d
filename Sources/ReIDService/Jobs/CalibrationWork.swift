internal import Gallery
internal import Ranking

/// Fits probabilities to the distances of a gallery's searches, one kind of search after another.
///
/// The curves are stored together, in one transaction with the job's result; a job that was stopped begins anew.
struct CalibrationWork: JobWork {
    let service: ServiceContext

    var kind: JobKind { .calibration }

    func step(_ job: JobRecord, _ control: JobControl) throws -> JobStep {
        if let result = job.cursor { return .done(result: result) }
        do {
            let snapshot = try service.store.snapshot(of: job.gallery ?? "")
            guard let fits = try fits(of: snapshot, control) else { return .more }
            let result = CalibrationResult(
                images: snapshot.imageCount, searches: fits.map { CalibratedSearch($0, isWhole: true) })
            try service.store.saveCalibration(
                fits, of: snapshot, job: (job.id, String(decoding: try jsonBytes(result), as: UTF8.self)))
            return .more
        } catch CalibrationError.cancelled {
            return .more
        } catch let error as CalibrationError {
            throw JobFailure(error)
        }
    }

    /// A curve for each of `methods`; nil if `control` ends the work before.
    private func fits(of snapshot: GallerySnapshot, _ control: JobControl) throws -> [GalleryCalibration.Fit]? {
        let labels = GalleryLabels(snapshot)
        let methods = methods(for: snapshot)
        let end = control.end
        var fits: [GalleryCalibration.Fit] = []
        for method in methods {
            guard try control.goesOn(done: Int64(fits.count), of: Int64(methods.count)) else { return nil }
            var search = CalibrationSearch()
            search.queries = service.configuration.jobs.calibrationQueries
            search.isNormalized = method.isNormalized
            if let options = method.reRanked {
                search.reRanking = try ReRanking(k1: options.k1, k2: options.k2, lambda: options.lambda)
                search.candidates = options.candidates
            }
            let pairs = try search.pairs(of: labels, in: snapshot.vectors) { end.isDue }
            let calibration = try Calibration(fit: pairs.fit, check: pairs.check) { end.isDue }
            fits.append(GalleryCalibration.Fit(calibration, of: method))
        }
        return fits
    }

    /// Plain and re-ranked with the configured options, each as images are and, if a camera has a mean, normalized.
    private func methods(for snapshot: GallerySnapshot) -> [GalleryCalibration.Method] {
        var options = SearchOptions(defaults: service.configuration.ranking)
        return (snapshot.cameraMeans.cameras.isEmpty ? [false] : [false, true]).flatMap { isNormalized in
            [false, true].map { isReRanked in
                options.rerank = isReRanked
                return options.method(isNormalized: isNormalized)
            }
        }
    }
}

extension GalleryLabels {
    /// The labels of a gallery's images; O(images).
    init(_ snapshot: GallerySnapshot) {
        self.init(
            rows: snapshot.rows, end: snapshot.vectors.end, person: snapshot.person(ofRow:),
            camera: snapshot.camera(ofRow:))
    }
}
