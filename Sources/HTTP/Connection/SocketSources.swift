import Dispatch
import Glibc

/// The Dispatch sources of one socket, for reading and for writing; used only on their queue, and an assertion checks
/// that.
///
/// A descriptor is closed only when the last source's cancel handler has run: until then Dispatch may still watch it.
final class SocketSources {
    let descriptor: Int32
    private let queue: DispatchQueue
    private let onWritable: @Sendable () -> Void
    private let onClosed: @Sendable () -> Void
    private let readSource: any DispatchSourceRead
    private var writeSource: (any DispatchSourceWrite)?
    private var isReading = true
    private var isWriting = false
    private var live = 1

    /// Creates the sources, and watches for reading at once.
    init(
        descriptor: Int32, queue: DispatchQueue, onReadable: @escaping @Sendable () -> Void,
        onWritable: @escaping @Sendable () -> Void, onClosed: @escaping @Sendable () -> Void
    ) {
        self.descriptor = descriptor
        self.queue = queue
        self.onWritable = onWritable
        self.onClosed = onClosed
        readSource = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        readSource.setEventHandler(handler: onReadable)
        readSource.setCancelHandler { self.cancelled() }
        readSource.activate()
    }

    /// Switches the watch for reading on or off.
    func setReading(_ wanted: Bool) {
        dispatchPrecondition(condition: .onQueue(queue))
        guard wanted != isReading else { return }
        isReading = wanted
        if wanted { readSource.resume() } else { readSource.suspend() }
    }

    /// Switches the watch for writing on or off.
    func setWriting(_ wanted: Bool) {
        dispatchPrecondition(condition: .onQueue(queue))
        guard wanted != isWriting else { return }
        isWriting = wanted
        if let writeSource {
            if wanted { writeSource.resume() } else { writeSource.suspend() }
        } else {
            let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
            source.setEventHandler(handler: onWritable)
            source.setCancelHandler { self.cancelled() }
            live += 1
            writeSource = source
            source.activate()
        }
    }

    /// Cancels both sources, and then closes the descriptor.
    func cancel() {
        dispatchPrecondition(condition: .onQueue(queue))
        readSource.cancel()
        writeSource?.cancel()
        // A suspended source never calls its cancel handler.
        setReading(true)
        if writeSource != nil { setWriting(true) }
    }

    private func cancelled() {
        dispatchPrecondition(condition: .onQueue(queue))
        live -= 1
        guard live == 0 else { return }
        close(descriptor)
        onClosed()
    }
}

/// The sockets that their clients have reset.
///
/// The system reports POLLERR or POLLHUP for them. It reports neither for a client that has only closed its side, which
/// may still wait for its answer.
func resets(among descriptors: [Int32]) -> Set<Int32> {
    guard !descriptors.isEmpty else { return [] }
    var polls = descriptors.map { pollfd(fd: $0, events: 0, revents: 0) }
    guard unsafe poll(&polls, nfds_t(polls.count), 0) > 0 else { return [] }
    return Set(polls.filter { Int32($0.revents) & (POLLERR | POLLHUP) != 0 }.map(\.fd))
}
