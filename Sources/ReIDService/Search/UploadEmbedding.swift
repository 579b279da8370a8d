internal import CSPRModel
internal import Embedding
internal import HTTP

extension ServiceContext {
    /// Decodes and embeds the images of a request, with priority over images to enroll.
    ///
    /// The warnings are about the model, and about images that are unlike those of people.
    ///
    /// All headers are read before the first image is decoded, so that a request that is too large costs nothing.
    func embed(
        _ upload: ImageUpload, cancellation: Cancellation
    ) throws -> (vectors: [[Float]], timing: RankingTiming, warnings: [String]) {
        let start = ContinuousClock.now
        let target = (width: embedder.preprocessing.width, height: embedder.preprocessing.height)
        let cost = try upload.cost(limits: configuration.limits)
        let inputs = try decoding.run(cost: cost, patience: .short, isCancelled: { cancellation.isCancelled }) {
            try upload.images.indices.map { index in
                embedder.prepare(
                    try upload.decoded(index, covering: target, limits: configuration.limits, cancellation))
            }
        }
        var timing = RankingTiming()
        timing.decode = (ContinuousClock.now - start).wireMilliseconds
        let embedded = try embedder.embed(inputs, priority: .query) { cancellation.isCancelled }
        timing.wait = embedded.waited.wireMilliseconds
        timing.embed = embedded.computed.wireMilliseconds
        let count = embedded.vectors.count
        let warnings = embedded.vectors.enumerated().filter { isUnfamiliar($0.element) }.map { index, _ in
            Warning.unfamiliar(count == 1 ? "The image" : "Image \(index + 1) of \(count)")
        }
        return (embedded.vectors, timing, (Warning.about(model) ?? []) + warnings)
    }

    /// Whether the vector of an image is beyond the limit of the model's profile; false if there is none.
    func isUnfamiliar(_ vector: [Float]) -> Bool { profile.map { !$0.isFamiliar(vector) } ?? false }
}
