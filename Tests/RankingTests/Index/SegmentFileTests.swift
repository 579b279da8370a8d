import Foundation
import Testing

@testable import Ranking

@Suite struct SegmentFileTests {
    private static let dimensions = 150

    /// Calls `body` with the path of a folder that is removed afterwards.
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    @Test func `a segment that is opened again answers as before, and takes more rows`() throws {
        let rows = Gallery.clustered.rows(400, dimensions: Self.dimensions, seed: 1)
        let rotation = try rotation(rows, dimensions: Self.dimensions)
        let plain = matrix(rows, dimensions: Self.dimensions)
        let options = QueryScan.Options(usesBoundsAlways: true)
        func snapshot(_ segment: VectorSegment, _ heads: HeadCodes) -> VectorSnapshot {
            VectorSnapshot(
                dimensions: Self.dimensions, parts: [.init(segment, heads: heads, first: 0, count: heads.count)])
        }
        try withFolder { folder in
            let (vectors, codes) = (folder + "/vectors", folder + "/heads")
            do {
                let segment = try VectorSegment(dimensions: Self.dimensions, capacity: 448, path: vectors)
                let heads = try HeadCodes(rotation, capacity: 448, path: codes)
                try segment.append(Array(rows[..<300].joined()))
                try heads.append(from: segment, upTo: 300)
                try segment.flush()
                try heads.flush()
                #expect(segment.path == vectors && heads.path == codes)
            }
            let segment = try VectorSegment(
                opening: vectors, dimensions: Self.dimensions, capacity: 448, count: 300)
            let heads = try HeadCodes(opening: codes, rotation, capacity: 448, count: 300)
            let first = try snapshot(segment, heads).nearest(to: [rows[310]], count: 9, options: options)
            #expect(first[0] == nearest(to: rows[310], in: plain.selecting(0..<300), count: 9))
            try segment.append(Array(rows[300...].joined()))
            try heads.append(from: segment, upTo: 400)
            let all = try snapshot(segment, heads).nearest(to: [rows[310]], count: 9, options: options)
            #expect(all[0] == nearest(to: rows[310], in: plain, count: 9))
            #expect(segment[399] == rows[399])
        }
    }

    @Test func `a file takes space for the rows that it has`() throws {
        try withFolder { folder in
            let segment = try VectorSegment(dimensions: 64, capacity: 65_536, path: folder + "/vectors")
            try segment.append([Float](repeating: 1, count: 64))
            var status = stat()
            #expect(unsafe stat(folder + "/vectors", &status) == 0)
            #expect(status.st_size > 65_536 * 64 * 5)
            // 1,024 rows are allocated at once.
            #expect(status.st_blocks * 512 >= 1024 * 64 * 5 && status.st_blocks * 512 < 2048 * 64 * 5)
        }
    }

    @Test func `a file for other rows is refused`() throws {
        let rows = Gallery.clustered.rows(10, dimensions: Self.dimensions, seed: 2)
        let made = try rotation(rows, dimensions: Self.dimensions)
        let other = try rotation(Array(rows[..<4]), dimensions: Self.dimensions)
        try withFolder { folder in
            let path = folder + "/index"
            func opened(_ dimensions: Int, _ capacity: Int) throws(IndexFileError) -> VectorSegment {
                try VectorSegment(opening: path, dimensions: dimensions, capacity: capacity, count: 1)
            }
            #expect {
                try opened(Self.dimensions, 64)
            } throws: { error in
                guard case .unusable(path, _)? = error as? IndexFileError else { return false }
                return "\(error)".contains("No such file")
            }
            _ = try VectorSegment(dimensions: Self.dimensions, capacity: 64, path: path)
            _ = try opened(Self.dimensions, 64)
            #expect(throws: IndexFileError.doesNotFit(path: path)) { try opened(Self.dimensions, 128) }
            // The same size, but other columns.
            #expect(throws: IndexFileError.doesNotFit(path: path)) { try opened(Self.dimensions - 1, 64) }
            _ = try HeadCodes(made, capacity: 64, path: path)
            _ = try HeadCodes(opening: path, made, capacity: 64, count: 1)
            #expect(throws: IndexFileError.doesNotFit(path: path)) {
                try HeadCodes(opening: path, other, capacity: 64, count: 1)
            }
            #expect(unsafe truncate(path, 100) == 0)
            #expect(throws: IndexFileError.doesNotFit(path: path)) {
                try HeadCodes(opening: path, made, capacity: 64, count: 1)
            }
        }
    }

    @Test func `a path that cannot be written is an error`() {
        #expect {
            try VectorSegment(dimensions: 8, path: "/nowhere/vectors")
        } throws: { error in
            guard case .unusable("/nowhere/vectors", _)? = error as? IndexFileError else { return false }
            return true
        }
    }
}
