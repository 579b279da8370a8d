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
    let searchesPerSecond: Double
    /// Images per second that the network embeds in full batches on all network threads: the mean of a measurement
    /// directly before the searches and one directly after, because the speed of a shared machine drifts.
    let networkImagesPerSecond: Double
    /// The searches per second as a share of the network's own limit.
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
    let configuration = bench.service.context.configuration.embedder
    func limit() throws -> Double { try networkLimit(bench.service.context.model, configuration, smoke: smoke) }
    var rows: [SearchLoadRow] = []
    var before = try limit()
    for connections in smoke ? [1, 2] : [1, 2, 4, 8, 16] {
        let client = try LoadClient(
            address: bench.service.queryAddress, connections: connections, requests: bench.searches)
        try client.run(rounds: smoke ? 1 : 3)
        let start = ContinuousClock.now
        if smoke { try client.run(rounds: 2) } else { try client.run(seconds: seconds) }
        let elapsed = (ContinuousClock.now - start) / .seconds(1)
        let after = try limit()
        let latencies = client.latencies.sorted()
        let (rate, network) = (Double(latencies.count) / elapsed, (before + after) / 2)
        rows.append(
            SearchLoadRow(
                connections: connections, searches: latencies.count, searchesPerSecond: rate,
                networkImagesPerSecond: network, ratioToNetwork: rate / network,
                medianMilliseconds: latencies[(latencies.count - 1) / 2] * 1e3,
                p99Milliseconds: latencies[(latencies.count * 99 - 1) / 100] * 1e3))
        before = after
    }
    return SearchLoad(rows: rows)
}

/// Images per second of full batches on as many threads as the service has, without a queue or requests.
private func networkLimit(_ model: CSPRModel, _ configuration: Embedder.Configuration, smoke: Bool) throws -> Double {
    let (batch, passes) = (configuration.maximumBatch, smoke ? 1 : 20)
    let shape = model.configuration
    let views = noise(count: batch * 3 * shape.height * shape.widthPixels)
    let failure = Mutex<(any Error)?>(nil)
    let (built, ended) = (DispatchGroup(), DispatchGroup())
    let start = DispatchSemaphore(value: 0)
    for _ in 0..<configuration.threads {
        built.enter()
        ended.enter()
        Thread {
            defer { ended.leave() }
            var executor: CSPRExecutor?
            do {
                setOpenMPThreads(configuration.threadWidth)
                let made = try model.makeExecutor(batch: batch)
                _ = try made.runViews(views, count: batch)
                executor = made
            } catch {
                failure.withLock { $0 = error }
            }
            built.leave()
            start.wait()
            guard let executor else { return }
            do {
                for _ in 0..<passes { _ = try executor.runViews(views, count: batch) }
            } catch {
                failure.withLock { $0 = error }
            }
        }.start()
    }
    built.wait()
    let begin = ContinuousClock.now
    for _ in 0..<configuration.threads { start.signal() }
    ended.wait()
    if let error = failure.withLock({ $0 }) { throw error }
    let images = Double(configuration.threads * passes * batch) / Double(model.viewsPerImage)
    return images / ((ContinuousClock.now - begin) / .seconds(1))
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
        Swift.print("the network: full batches on all network threads, before and after the searches of a row")
        Swift.print(machine)
    }
}
