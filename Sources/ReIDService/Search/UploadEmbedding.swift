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
        _ upload: ImageUpload, with network: Network, cancellation: Cancellation
    ) throws -> (vectors: [[Float]], timing: RankingTiming, warnings: [String]) {
        let start = ContinuousClock.now
        let (target, embedder) = (network.inputSize, network.embedder)
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
        return (embedded.vectors, timing, network.warnings(about: embedded.vectors))
    }
}
