internal import Foundation

/// The output of the commands: results go to standard output, everything else to standard error.
enum Terminal {
    /// One line on standard error.
    static func complain(_ line: String) { tell(line + "\n") }

    /// Text on standard error; if nobody reads it any more, it is lost, and the work goes on.
    static func tell(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    /// Whether standard error is a terminal that can redraw a line.
    static var isInteractive: Bool { isatty(STDERR_FILENO) == 1 }

    /// `value` as JSON on standard output, one line, keys sorted; throws if nobody reads it any more, or the disk is full.
    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = try encoder.encode(value) + Data("\n".utf8)
        do { try FileHandle.standardOutput.write(contentsOf: line) } catch {
            throw CommandFailure("standard output cannot be written: \(describe(error))")
        }
    }

    /// Rows under a header, columns padded to their widest cell.
    static func table(_ header: [String], _ rows: [[String]]) -> String {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        return ([header] + rows).map { row in
            zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
                .joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

extension Terminal {
    /// One line for each name and value, with the values aligned.
    static func facts(_ pairs: [(name: String, value: String)]) -> String {
        let width = pairs.map(\.name.count).max() ?? 0
        return pairs.map { name, value in
            name + String(repeating: " ", count: width + 2 - name.count) + value
        }.joined(separator: "\n")
    }

    /// The command that started this process, quoted for a shell; `option` is added unless it is there already.
    static func command(with option: String) -> String {
        let arguments = CommandLine.arguments + (CommandLine.arguments.contains(option) ? [] : [option])
        return arguments.map { argument in
            let isPlain = argument.utf8.allSatisfy { byte in
                UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20 || "0123456789_-+=.,:/@%".utf8.contains(byte)
            }
            return isPlain && !argument.isEmpty ? argument : "'\(argument.replacing("'", with: #"'\''"#))'"
        }.joined(separator: " ")
    }
}

/// A progress bar on standard error: redrawn on a terminal; elsewhere a new line for every tenth.
struct ProgressBar {
    private let label: String
    private let isInteractive = Terminal.isInteractive
    private var lastShown = -1
    private let started = Date()

    init(_ label: String) { self.label = label }

    /// Shows `done` of `total` with the rate since the start.
    mutating func show(_ done: Int, of total: Int, note: String = "") {
        let tenth = total > 0 ? done * 10 / total : 0
        let rate = Double(done) / max(Date().timeIntervalSince(started), 0.001)
        if isInteractive {
            let filled = total > 0 ? done * 30 / total : 0
            let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: 30 - filled)
            let line = "\r\(label) [\(bar)] \(done)/\(total)  \(String(format: "%.1f", rate))/s  \(note)\u{1B}[K"
            Terminal.tell(line)
        } else if tenth != lastShown {
            Terminal.complain("\(label) \(done)/\(total) \(note)")
        }
        lastShown = tenth
    }

    /// Ends the line of the progress bar.
    func end() {
        if isInteractive { Terminal.complain("") }
    }
}
