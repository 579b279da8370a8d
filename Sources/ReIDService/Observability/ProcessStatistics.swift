internal import Foundation

/// Figures of this process, read from `/proc`.
struct ProcessStatistics: Sendable {
    /// Bytes of memory in use.
    let residentBytes: Int
    /// Bytes of address space.
    let virtualBytes: Int
    /// Seconds of processor time of all threads.
    let processorSeconds: Double
    /// Open files and sockets.
    let openDescriptors: Int
    /// The most files and sockets that the process may have open.
    let maximumDescriptors: Int
    /// When the process started, in seconds since 1970.
    let startSeconds: Double

    /// Reads the files, which takes longer with more open descriptors; nil if the system has no such files.
    init?() {
        guard let line = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
            let system = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"),
            let end = line.lastIndex(of: ")"),
            let boot = system.split(separator: "\n").first(where: { $0.hasPrefix("btime ") })?.split(separator: " ")
                .last
        else { return nil }
        // The third field of proc(5) is the first after the program's name; the name may contain any characters.
        let fields = line[line.index(after: end)...].split(separator: " ")
        func field(_ number: Int) -> Double? { fields.count > number - 3 ? Double(fields[number - 3]) : nil }
        guard let user = field(14), let kernel = field(15), let start = field(22), let size = field(23),
            let pages = field(24), let boot = Double(boot)
        else { return nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        var limit = rlimit()
        guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return nil }
        residentBytes = Int(pages) * sysconf(Int32(_SC_PAGESIZE))
        virtualBytes = Int(size)
        processorSeconds = (user + kernel) / ticks
        // One of them is the folder that has just been read.
        openDescriptors = names.count - 1
        maximumDescriptors = Int(clamping: limit.rlim_cur)
        startSeconds = boot + start / ticks
    }
}
