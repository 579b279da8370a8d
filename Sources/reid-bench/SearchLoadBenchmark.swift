internal import CSPRModel
internal import Dispatch
internal import Embedding
internal import Foundation
internal import ReIDService
internal import Synchronization
internal import Tensors

/// Searches per second and the time of each, for one number of connections.
struct SearchLoadRow: Codable {
    let connections: Int
    let searches: Int
    /// While all connections have a request; the beginning and the end of a measurement do not count.
    let searchesPerSecond: Double
    /// Images per second that the network embeds in full batches on all network threads: the mean of measurements
    /// before, between and after the searches, because the speed of a shared machine drifts.
    let networkImagesPerSecond: Double
    /// The searches per second as a share of the network's own limit: the median over short measurements, each compared with
    /// the network directly before and after it.
    let ratioToNetwork: Double
    let medianMilliseconds: Double
    let p99Milliseconds: Double
}

/// The results of `searchLoadBenchmark`.
struct SearchLoad: Codable {
    let rows: [SearchLoadRow]
}

/// Times searches over loopback on the whole service: a JPEG is sent, a ranking comes back.
///
/// Every connection sends the next search as soon as it has the answer.
func searchLoadBenchmark(smoke: Bool, seconds: Double) throws -> SearchLoad {
    let bench = try BenchService(smoke: smoke)
    defer { bench.close() }
    let batches = try FullBatches(
        bench.service.context.model, bench.service.context.configuration.embedder, passes: smoke ? 1 : 24)
    let slices = smoke ? 1 : 8
    var rows: [SearchLoadRow] = []
    for connections in smoke ? [1, 2] : [1, 2, 4, 8, 16] {
        let client = try LoadClient(
            address: bench.service.queryAddress, connections: connections, requests: bench.searches)
        try client.run(rounds: smoke ? 1 : 3)
        var (latencies, steady, shares) = ([Double](), (replies: 0, seconds: 0.0), [Double]())
        var network = [try batches.imagesPerSecond()]
        for _ in 0..<slices {
            if smoke { try client.run(rounds: 3) } else { try client.run(seconds: seconds / Double(slices)) }
            latencies += client.latencies
            steady = (steady.replies + client.steady.replies, steady.seconds + client.steady.seconds)
            network.append(try batches.imagesPerSecond())
            let limit = (network[network.count - 2] + network[network.count - 1]) / 2
            shares.append(Double(client.steady.replies) / client.steady.seconds / limit)
        }
        latencies.sort()
        shares.sort()
        rows.append(
            SearchLoadRow(
                connections: connections, searches: latencies.count,
                searchesPerSecond: Double(steady.replies) / steady.seconds,
                networkImagesPerSecond: network.reduce(0, +) / Double(network.count),
                ratioToNetwork: shares[shares.count / 2],
                medianMilliseconds: latencies[(latencies.count - 1) / 2] * 1e3,
                p99Milliseconds: latencies[(latencies.count * 99 - 1) / 100] * 1e3))
    }
    return SearchLoad(rows: rows)
}

/// Full batches on as many threads as the service has, without a queue or requests.
private struct FullBatches {
    /// One for each thread.
    private let executors: [CSPRExecutor]
    private let views: [Float]
    private let configuration: Embedder.Configuration
    private let passes: Int
    private let viewsPerImage: Int

    /// Compiles the network for each thread, and runs it once.
    init(_ model: CSPRModel, _ configuration: Embedder.Configuration, passes: Int) throws {
        let shape = model.configuration
        (self.configuration, self.passes, viewsPerImage) = (configuration, passes, model.viewsPerImage)
        views = noise(count: configuration.maximumBatch * 3 * shape.height * shape.widthPixels)
        executors = try Self.onThreads(configuration) { _ in
            try model.makeExecutor(batch: configuration.maximumBatch)
        }
        _ = try imagesPerSecond()
    }

    /// Runs `passes` batches on each thread.
    func imagesPerSecond() throws -> Double {
        // Each is used by one thread, until all have ended.
        nonisolated(unsafe) let executors = executors
        let begin = ContinuousClock.now
        _ = try Self.onThreads(configuration) { [configuration, passes, views] thread in
            for _ in 0..<passes {
                _ = try unsafe executors[thread].runViews(views, count: configuration.maximumBatch)
            }
        }
        let images = Double(configuration.threads * passes * configuration.maximumBatch) / Double(viewsPerImage)
        return images / ((ContinuousClock.now - begin) / .seconds(1))
    }

    /// Calls `body` on as many threads as the service has, each with its number of OpenMP threads, which oneDNN compiles the
    /// network for; returns the results in the order of the threads.
    private static func onThreads<Value>(
        _ configuration: Embedder.Configuration, _ body: @escaping @Sendable (_ thread: Int) throws -> Value
    ) throws -> [Value] {
        let ended = DispatchGroup()
        // Written under the lock, and read after all threads have ended.
        nonisolated(unsafe) var results: [Int: Result<Value, any Error>] = [:]
        let lock = Mutex(())
        for thread in 0..<configuration.threads {
            ended.enter()
            Thread {
                defer { ended.leave() }
                setOpenMPThreads(configuration.threadWidth)
                nonisolated(unsafe) let result = Result { try body(thread) }
                lock.withLock { _ in unsafe results[thread] = unsafe result }
            }.start()
        }
        ended.wait()
        return try (0..<configuration.threads).compactMap { try unsafe results[$0]?.get() }
    }
}

extension Report {
    static func print(_ load: SearchLoad, json: Bool) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys]
            return Swift.print(String(decoding: try encoder.encode(load), as: UTF8.self))
        }
        let header = [
            "connections", "searches/s", "network, images/s", "of the network", "median ms", "p99 ms", "p99 / median",
        ]
        let rows = load.rows.map { row in
            ["\(row.connections)"]
                + [
                    String(format: "%.1f", row.searchesPerSecond),
                    String(format: "%.1f", row.networkImagesPerSecond),
                    String(format: "%.0f %%", row.ratioToNetwork * 100),
                    String(format: "%.1f", row.medianMilliseconds), String(format: "%.1f", row.p99Milliseconds),
                    String(format: "%.1f", row.p99Milliseconds / row.medianMilliseconds),
                ]
        }
        table([header] + rows)
        Swift.print("the network: full batches on all network threads, in turn with the searches of a row")
        Swift.print(machine)
    }
}
