import Glibc

/// Opens a listening, non-blocking socket.
///
/// - Parameters:
///   - address: `127.0.0.1:8080`, `[::1]:0`, `localhost:8080`.
///   - backlog: Connections that may wait to be accepted.
///   - unsentBytes: Bytes that the system may hold for each connection beyond those that are on their way
///     (`TCP_NOTSENT_LOWAT`, which accepted sockets take over); nil for the system's own limit.
/// - Returns: The descriptor, and the address with the port it has.
/// - Throws: `ServerError` if the address is malformed, in use or not permitted.
func listen(
    on address: String, backlog: Int32, unsentBytes: Int32? = nil
) throws(ServerError) -> (descriptor: Int32, address: String) {
    guard let colon = address.lastIndex(of: ":"), UInt16(address[address.index(after: colon)...]) != nil else {
        throw .badAddress(address)
    }
    var host = String(address[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    guard !host.isEmpty else { throw .badAddress(address) }
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    var found: UnsafeMutablePointer<addrinfo>?
    let status = unsafe getaddrinfo(host, String(address[address.index(after: colon)...]), &hints, &found)
    guard status == 0, let info = unsafe found else { throw .badAddress(address) }
    defer { unsafe freeaddrinfo(info) }

    let descriptor = unsafe socket(info.pointee.ai_family, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw .system(call: "socket", code: errno) }
    setOption(descriptor, SOL_SOCKET, SO_REUSEADDR)
    if let unsentBytes { setOption(descriptor, Int32(IPPROTO_TCP), TCP_NOTSENT_LOWAT, unsentBytes) }
    setNonBlocking(descriptor)
    guard unsafe bind(descriptor, info.pointee.ai_addr, info.pointee.ai_addrlen) == 0,
        Glibc.listen(descriptor, backlog) == 0
    else {
        let code = errno
        close(descriptor)
        switch code {
        case EADDRINUSE: throw .addressInUse(address)
        case EACCES, EPERM: throw .notPermitted(address)
        case EADDRNOTAVAIL: throw .badAddress(address)
        default: throw .system(call: "bind", code: code)
        }
    }
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(descriptor, $0, &length) }
    }
    let bound = describe(storage)
    return (descriptor, (bound.host.contains(":") ? "[\(bound.host)]" : bound.host) + ":\(bound.port)")
}

/// Accepts one connection; nil if none is waiting.
///
/// - Throws: The error number if accepting failed, for example because there are no descriptors left.
func acceptSocket(_ listener: Int32) throws(StreamError) -> (descriptor: Int32, peer: String)? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let descriptor = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe accept(listener, $0, &length) }
    }
    guard descriptor >= 0 else {
        // All other errors concern one connection that is gone already.
        guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(errno) else { return nil }
        throw StreamError(code: errno)
    }
    setNonBlocking(descriptor)
    setOption(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY)
    return (descriptor, describe(storage).host)
}

/// The numeric host and port of an address; an IPv4 address that is mapped into IPv6 is written as IPv4.
private func describe(_ storage: sockaddr_storage) -> (host: String, port: Int) {
    var storage = storage
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    _ = unsafe withUnsafePointer(to: &storage) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            unsafe getnameinfo(
                $0, socklen_t(MemoryLayout<sockaddr_storage>.size), &host, socklen_t(host.count), &port,
                socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV)
        }
    }
    let text: ([CChar]) -> String = {
        String(decoding: $0.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    let name = text(host)
    return (name.hasPrefix("::ffff:") ? String(name.dropFirst(7)) : name, Int(text(port)) ?? 0)
}

private func setOption(_ descriptor: Int32, _ level: Int32, _ option: Int32, _ value: Int32 = 1) {
    var value = value
    _ = unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
}

/// Makes a descriptor non-blocking, and closed in child processes.
func setNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
