#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A region of memory that starts at a page boundary, filled with zeros, and is returned to the system on deinit.
///
/// The region is mapped (`mmap`), not allocated: pages that were never written take no memory, and memory that is only
/// needed while a network is loaded goes back to the system.
///
/// Unchecked Sendable: the code that writes must make sure that nothing else uses the region at that time. Weights are
/// written before they are shared; activations belong to one executor.
@safe package final class AlignedMemory: @unchecked Sendable {
    /// The first byte.
    package let start: UnsafeMutableRawPointer
    /// The size in bytes.
    package let count: Int

    /// Allocates `count` bytes.
    package init(bytes count: Int) throws(OneDNNError) {
        let start = unsafe mmap(nil, max(count, 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start = unsafe start, unsafe start != MAP_FAILED else { throw .outOfMemory }
        unsafe self.start = start
        self.count = count
    }

    deinit { unsafe munmap(start, max(count, 1)) }

    /// `count` floats that start at byte `offset`; valid while this object lives.
    package func floats(at offset: Int = 0, count: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(
            offset >= 0 && offset + 4 * count <= self.count, "\(count) floats at \(offset) of \(self.count) bytes")
        return unsafe UnsafeMutableBufferPointer(
            start: (start + offset).assumingMemoryBound(to: Float.self), count: count)
    }

    /// A pointer to float number `index`; valid while this object lives.
    package func pointer(at index: Int = 0) -> UnsafeMutablePointer<Float> {
        precondition(index >= 0 && 4 * index <= count, "float \(index) of \(count) bytes")
        return unsafe start.assumingMemoryBound(to: Float.self) + index
    }
}

/// A part of an `AlignedMemory`, from an offset to its end.
package struct MemoryRegion: Sendable {
    /// Where the bytes are.
    package let memory: AlignedMemory
    /// The first byte of the region.
    package let offset: Int

    /// The part of `memory` that begins at byte `offset`.
    package init(_ memory: AlignedMemory, offset: Int = 0) {
        self.memory = memory
        self.offset = offset
    }

    var start: UnsafeMutableRawPointer { unsafe memory.start + offset }
}
