internal import Foundation

extension Embedder {
    /// How the network threads work; every field has a working default.
    public struct Configuration: Sendable, Equatable {
        /// The most images in one forward pass, including mirror images; smaller passes are compiled for fewer images.
        public var maximumBatch = 8
        /// Network threads; each keeps its own activations in memory.
        public var threads = max(1, ProcessInfo.processInfo.activeProcessorCount)
        /// OpenMP threads of each network thread: 1 is best for many clients, all cores are fastest for a single query.
        public var threadWidth = 1
        /// Images that may wait; more are refused with `EmbedderError.overloaded`.
        public var queueLimit = 256

        /// The defaults.
        public init() {}
    }
}
