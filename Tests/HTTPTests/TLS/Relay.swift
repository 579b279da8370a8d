import Dispatch
import Glibc

@testable import HTTP

/// A connection in between that passes bytes on in small pieces, as a slow network may.
final class Relay: Sendable {
    /// Where it listens for its only client.
    let address: String

    /// Connects one client to the server at `target`, and passes on at most `piece` bytes at a time.
    init(to target: String, piece: Int) throws {
        let (listener, address) = try listen(on: "127.0.0.1:0", backlog: 1)
        self.address = address
        DispatchQueue(label: "relay").async {
            defer { close(listener) }
            var watched = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&watched, 1, 30_000) == 1, let server = try? RawClient(target, nil) else { return }
            let client = accept(listener, nil, nil)
            Self.pass(client, server.descriptor, piece)
            close(client)
        }
    }

    /// Passes bytes both ways until both sides have ended, or nothing has come for long.
    private static func pass(_ one: Int32, _ other: Int32, _ piece: Int) {
        var on: Int32 = 1
        for socket in [one, other] {
            unsafe setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        }
        var watched = [one, other].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var buffer = [UInt8](repeating: 0, count: piece)
        while watched.contains(where: { $0.fd >= 0 }), unsafe poll(&watched, 2, 30_000) > 0 {
            for (index, target) in [other, one].enumerated() where watched[index].revents != 0 {
                let count = unsafe recv(watched[index].fd, &buffer, piece, 0)
                if count > 0, unsafe send(target, buffer, count, Int32(MSG_NOSIGNAL)) == count { continue }
                _ = shutdown(target, Int32(SHUT_WR))
                watched[index].fd = -1
            }
        }
    }
}
