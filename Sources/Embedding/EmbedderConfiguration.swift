internal import Foundation

extension Embedder {
    /// How the network threads work; every field has a working default.
    public struct Configuration: Codable, Sendable, Equatable {
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

        /// Reads a configuration; a field that is absent keeps its default.
        public init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: CodingKeys.self)
            maximumBatch = try fields.decodeIfPresent(Int.self, forKey: .maximumBatch) ?? maximumBatch
            threads = try fields.decodeIfPresent(Int.self, forKey: .threads) ?? threads
            threadWidth = try fields.decodeIfPresent(Int.self, forKey: .threadWidth) ?? threadWidth
            queueLimit = try fields.decodeIfPresent(Int.self, forKey: .queueLimit) ?? queueLimit
        }

        /// The first field that is outside its range, with the allowed range; nil if all fields are valid.
        public var fault: (field: String, allowed: String)? {
            if !(1...256 ~= maximumBatch) { return ("maximum_batch", "1...256") }
            if !(1...1024 ~= threads) { return ("threads", "1...1024") }
            if !(1...1024 ~= threadWidth) { return ("thread_width", "1...1024") }
            if queueLimit < 1 { return ("queue_limit", "1 or more") }
            return nil
        }

        private enum CodingKeys: String, CodingKey {
            case maximumBatch = "maximum_batch"
            case threads
            case threadWidth = "thread_width"
            case queueLimit = "queue_limit"
        }
    }
}
