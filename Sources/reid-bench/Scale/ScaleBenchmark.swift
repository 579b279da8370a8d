internal import Foundation
internal import Ranking

/// Times exact search and re-ranking in galleries of up to a million vectors, with and without filters.
///
/// - Parameters:
///   - sizes: The rows of the galleries, ascending.
///   - dimensions: The length of the vectors.
///   - peer: A Python that has FAISS, which is timed on the rows of the largest gallery; nil: none.
///   - runs: The runs of each row.
/// - Returns: A row for each time.
/// - Throws: Why memory or the peer cannot be used.
func scaleBenchmark(rows sizes: [Int], dimensions: Int, peer: String?, runs: Int) throws -> [BenchmarkRow] {
    var maker = ScaleRows(dimensions: dimensions)
    let queries = (0..<64).map { _ in
        _ = maker.next(19)
        return maker.next(1)
    }
    var gallery = ScaleGallery(dimensions: dimensions)
    var result: [BenchmarkRow] = []
    for size in sizes {
        while gallery.count < size { try gallery.append(maker.next(min(1_024, size - gallery.count))) }
        let start = ContinuousClock.now
        let vectors = try gallery.snapshot()
        print("\(size) rows: directions and heads of all in \((ContinuousClock.now - start).description)")
        var next = 0
        func time(
            _ name: String, items: Double = 1, runs: Int = runs, _ body: ([Float]) throws -> Void
        ) rethrows {
            result.append(
                try BenchmarkRow.measure("\(size): \(name)", runs: runs, itemsPerRun: items, unit: "queries") {
                    next += 1
                    try body(queries[next % queries.count])
                })
        }
        try time("exact top-100, one thread") { _ = try vectors.nearest(to: $0, count: 100, threads: 1) }
        try time("exact top-100, all threads") { _ = try vectors.nearest(to: $0, count: 100) }
        guard size == sizes.last else { continue }
        let without = RowFilter(count: size) { $0 % 40 != 7 }
        let only = RowFilter(count: size) { $0 % 40 == 7 }
        try time("without one camera of 40, one thread") {
            _ = try vectors.nearest(to: $0, count: 100, where: without, threads: 1)
        }
        try time("only one camera of 40, one thread") {
            _ = try vectors.nearest(to: $0, count: 100, where: only, threads: 1)
        }
        try time("without the cameras' means, one thread") {
            _ = try vectors.nearest(to: $0, count: 100, isNormalized: true, threads: 1)
        }
        try time("64 queries at once, all threads", items: 64, runs: max(1, runs / 4)) { _ in
            _ = try vectors.nearest(to: queries, count: 100)
        }
        try time("top-500 and re-ranked, all threads") {
            let matches = try vectors.nearest(to: $0, count: 500)
            _ = try reRank(matches, for: $0, in: vectors, isNormalized: false, options: .cautious, candidates: 500)
        }
        let matches = try queries.map { try vectors.nearest(to: $0, count: 500) }
        try time("re-ranking 500 alone") { _ in
            let place = next % queries.count
            _ = try reRank(
                matches[place], for: queries[place], in: vectors, isNormalized: false, options: .cautious,
                candidates: 500)
        }
        if let peer { result.append(try faissRow(peer, vectors, queries, runs: runs)) }
    }
    return result
}

/// The vectors of a growing gallery as the service keeps them, without files.
private struct ScaleGallery {
    let dimensions: Int
    private var segments: [VectorSegment] = []

    init(dimensions: Int) { self.dimensions = dimensions }

    var count: Int { segments.reduce(0) { $0 + $1.count } }

    mutating func append(_ rows: [Float]) throws {
        var rest = rows[...]
        while !rest.isEmpty {
            if segments.last.map({ $0.count == $0.capacity }) ?? true {
                segments.append(try VectorSegment(dimensions: dimensions))
            }
            guard let segment = segments.last else { return }
            let added = rest.prefix((segment.capacity - segment.count) * dimensions)
            try segment.append(Array(added))
            rest = rest.dropFirst(added.count)
        }
    }

    /// The rows with heads, and forty cameras in turn, each with a mean.
    func snapshot() throws -> VectorSnapshot {
        func part(_ place: Int, _ heads: HeadCodes?, _ cameras: CameraColumn?) -> VectorSnapshot.Part {
            VectorSnapshot.Part(
                segments[place], heads: heads, cameras: cameras, first: place * VectorSegment.usualCapacity,
                count: segments[place].count)
        }
        let plain = VectorSnapshot(dimensions: dimensions, parts: segments.indices.map { part($0, nil, nil) })
        let sample = plain.sample()
        guard let rotation = HeadRotation.make(from: sample, dimensions: dimensions) else {
            preconditionFailure("no directions")
        }
        // Any vectors will do as means: the bounds do not depend on what they are.
        let means = MeanTable(
            (0..<40).map { camera in sample[camera * dimensions..<(camera + 1) * dimensions].map { 0.3 * $0 } },
            dimensions: dimensions)
        let parts = try segments.enumerated().map { place, segment in
            let heads = try HeadCodes(rotation)
            try heads.append(from: segment, upTo: segment.count)
            let cameras = try CameraColumn(means)
            cameras.append(from: segment, means: (0..<segment.count).map { $0 % 40 })
            return part(place, heads, cameras)
        }
        return VectorSnapshot(dimensions: dimensions, parts: parts)
    }
}

/// Times FAISS' flat index on the same rows, on one thread.
private func faissRow(
    _ python: String, _ vectors: VectorSnapshot, _ queries: [[Float]], runs: Int
) throws -> BenchmarkRow {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("reid-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("rows")
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    func write(_ values: [Float]) throws {
        try unsafe handle.write(contentsOf: values.withUnsafeBytes { unsafe Data($0) })
    }
    for query in queries { try write(query) }
    for start in stride(from: 0, to: vectors.rowCount, by: 1_024) {
        try write((start..<min(start + 1_024, vectors.rowCount)).flatMap { vectors[$0] })
    }
    try handle.close()
    let script = """
        import faiss, numpy, sys, time
        faiss.omp_set_num_threads(1)
        all = numpy.fromfile(sys.argv[1], dtype=numpy.float32).reshape(-1, int(sys.argv[2]))
        queries, rows = all[:64], all[64:]
        index = faiss.IndexFlatL2(rows.shape[1])
        index.add(rows)
        for run in range(int(sys.argv[3]) + 1):
            start = time.perf_counter()
            index.search(queries[run % 64][None], 100)
            if run: print(time.perf_counter() - start)
        """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = ["-c", script, file.path, "\(vectors.dimensions)", "\(runs)"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let seconds = text.split(separator: "\n").compactMap { Double($0) }
    guard process.terminationStatus == 0, seconds.count == runs else {
        throw LoadError.unexpectedReply("FAISS did not run: is faiss-cpu installed for \(python)?")
    }
    return BenchmarkRow(
        name: "\(vectors.rowCount): FAISS IndexFlatL2, one thread", seconds: seconds, itemsPerRun: 1, unit: "queries")
}
