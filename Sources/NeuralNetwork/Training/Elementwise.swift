internal import Tensors

/// Elementwise loops over whole buffers; the threads share the work in pieces that fit a cache.
///
/// Buffers that have the same layout can be combined without knowing it: padding holds zeros and stays zero.
enum Elementwise {
    /// The floats of one piece.
    private static let piece = 16384

    /// target = max(0, target + term), or target + term without rectification.
    static func add(
        _ term: UnsafeMutableBufferPointer<Float>, to target: UnsafeMutableBufferPointer<Float>, isRectified: Bool,
        threads: Int
    ) {
        precondition(term.count == target.count, "\(term.count) floats cannot be added to \(target.count)")
        inPieces(target.count, threads: threads) { range in
            guard let term = term.baseAddress, let target = target.baseAddress else { return }
            if isRectified {
                for index in range {
                    let sum = unsafe target[index] + term[index]
                    unsafe target[index] = sum > 0 ? sum : 0
                }
            } else {
                for index in range { unsafe target[index] += term[index] }
            }
        }
    }

    /// target = Σ terms where `mask` is positive, else 0; without a mask, target = Σ terms everywhere.
    ///
    /// `target` may be the first of the terms.
    static func sum(
        _ terms: [UnsafeMutableBufferPointer<Float>], where mask: UnsafeMutableBufferPointer<Float>?,
        into target: UnsafeMutableBufferPointer<Float>, threads: Int
    ) {
        precondition(unsafe terms.allSatisfy { $0.count == target.count }, "terms of other sizes")
        let count = unsafe terms.count
        inPieces(target.count, threads: threads) { range in
            guard let target = target.baseAddress else { return }
            for number in 0..<count {
                guard let term = unsafe terms[number].baseAddress else { return }
                unsafe add(term, to: target, range, isFirst: number == 0)
            }
            guard let mask = unsafe mask?.baseAddress else { return }
            for index in range {
                let gradient = unsafe target[index]
                unsafe target[index] = mask[index] > 0 ? gradient : 0
            }
        }
    }

    /// target += term, or target = term for the first term.
    private static func add(
        _ term: UnsafeMutablePointer<Float>, to target: UnsafeMutablePointer<Float>, _ range: Range<Int>, isFirst: Bool
    ) {
        if !isFirst {
            for index in range { unsafe target[index] += term[index] }
        } else if unsafe UnsafeRawPointer(term) != UnsafeRawPointer(target) {
            for index in range { unsafe target[index] = term[index] }
        }
    }

    /// Calls `body` with consecutive ranges below `count`.
    static func inPieces(_ count: Int, threads: Int, _ body: (Range<Int>) -> Void) {
        parallelFor((count + piece - 1) / piece, threads: threads) { index, _ in
            body(index * piece..<min(count, (index + 1) * piece))
        }
    }
}
