#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Bytes on a page boundary, zero at first, freed when this object goes away.
///
/// Sendable unchecked: whoever writes guarantees that nobody else uses the region meanwhile. Weights are written before they are
/// shared; activations belong to one executor.
@safe package final class AlignedMemory: @unchecked Sendable {
    /// The first byte.
    package let start: UnsafeMutableRawPointer
    /// The size in bytes.
    package let count: Int

    /// Allocates `count` bytes.
    package init(bytes count: Int) throws(OneDNNError) {
        var start: UnsafeMutableRawPointer?
        guard unsafe posix_memalign(&start, 4096, max(count, 64)) == 0, let start = unsafe start else {
            throw .outOfMemory
        }
        unsafe memset(start, 0, count)
        unsafe self.start = start
        self.count = count
    }

    deinit { unsafe free(start) }

    /// The floats from byte `offset`; valid while this object lives.
    package func floats(at offset: Int = 0, count: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(
            offset >= 0 && offset + 4 * count <= self.count, "\(count) floats at \(offset) of \(self.count) bytes")
        return unsafe UnsafeMutableBufferPointer(
            start: (start + offset).assumingMemoryBound(to: Float.self), count: count)
    }

    /// The float number `index`; valid while this object lives.
    package func pointer(at index: Int = 0) -> UnsafeMutablePointer<Float> {
        precondition(index >= 0 && 4 * index <= count, "float \(index) of \(count) bytes")
        return unsafe start.assumingMemoryBound(to: Float.self) + index
    }
}

/// A part of an `AlignedMemory`.
package struct MemoryRegion: Sendable {
    /// Where the bytes are.
    package let memory: AlignedMemory
    /// The first byte of the region.
    package let offset: Int

    /// The part of `memory` that begins at `offset`.
    package init(_ memory: AlignedMemory, offset: Int = 0) {
        self.memory = memory
        self.offset = offset
    }

    var start: UnsafeMutableRawPointer { unsafe memory.start + offset }
}
