internal import COneDNN
internal import Synchronization

/// Sets how many threads the oneDNN operations that the calling thread creates and runs use.
///
/// Each calling thread has its own number and its own team of threads. An operation keeps the number that was set when
/// it was created.
public func setOpenMPThreads(_ count: Int) {
    precondition(count > 0, "\(count) threads cannot compute")
    omp_set_num_threads(Int32(count))
}

/// How many threads the operations of the calling thread use.
public var openMPThreads: Int { Int(omp_get_max_threads()) }

/// Calls `body` once for every index below `count`, on at most `threads` threads of the team that oneDNN also uses.
///
/// The indices are handed out in ascending order to the threads that are free. `body` gets the index and the worker's
/// number, below `threads`. It must not write memory that another index or worker reads or writes.
package func parallelFor(_ count: Int, threads: Int, _ body: (_ index: Int, _ worker: Int) -> Void) {
    guard count > 1, threads > 1 else {
        for index in 0..<count { body(index, 0) }
        return
    }
    withoutActuallyEscaping(body) { body in
        let work = ParallelWork(count: count, body: body)
        unsafe GOMP_parallel(
            { pointer in
                guard let pointer = unsafe pointer else { return }
                unsafe Unmanaged<ParallelWork>.fromOpaque(pointer).takeUnretainedValue().run()
            }, Unmanaged.passUnretained(work).toOpaque(), UInt32(threads), 0)
        work.finish()
    }
}

/// The indices that remain, and the closure to call for each.
private final class ParallelWork {
    private let count: Int
    private let next = Atomic(0)
    private let workers = Atomic(0)
    private var body: ((Int, Int) -> Void)?

    init(count: Int, body: @escaping (Int, Int) -> Void) {
        self.count = count
        self.body = body
    }

    func run() {
        guard let body else { return }
        let worker = workers.wrappingAdd(1, ordering: .relaxed).oldValue
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            body(index, worker)
        }
    }

    /// Releases the closure.
    func finish() { body = nil }
}
