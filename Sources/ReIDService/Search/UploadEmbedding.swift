internal import CSPRModel
internal import Embedding
internal import HTTP

extension ServiceContext {
    /// Decodes and embeds the images of a request, with priority over images to enroll.
    func embed(
        _ upload: ImageUpload, cancellation: Cancellation
    ) throws -> (vectors: [[Float]], timing: RankingTiming) {
        let start = ContinuousClock.now
        let target = (width: embedder.preprocessing.width, height: embedder.preprocessing.height)
        var inputs: [PreparedImage] = []
        for index in upload.images.indices {
            guard !cancellation.isCancelled else { throw EmbedderError.cancelled }
            let image = try upload.decoded(index, covering: target, limits: configuration.limits)
            inputs.append(embedder.prepare(image))
        }
        var timing = RankingTiming()
        timing.decode = (ContinuousClock.now - start).wireMilliseconds
        let embedded = try embedder.embed(inputs, priority: .query) { cancellation.isCancelled }
        timing.wait = embedded.waited.wireMilliseconds
        timing.embed = embedded.computed.wireMilliseconds
        return (embedded.vectors, timing)
    }
}
