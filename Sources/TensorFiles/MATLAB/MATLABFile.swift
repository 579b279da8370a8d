/// A variable of a MATLAB file.
public enum MATLABValue: Sendable, Equatable {
    /// Real numbers or booleans of any class, column by column.
    case numbers(shape: [Int], elements: [Double])
    /// A character array as rows; a string has one row, an empty string has none.
    case text(rows: [String])
    /// A cell array, column by column.
    case cells(shape: [Int], elements: [MATLABValue])
    /// A class that is not read: structures, sparse and complex numbers, objects, functions.
    case unsupported(kind: String)
}

/// The variables of a MATLAB 5 file, as `save` and `save -v7` write it.
///
/// From The MathWorks, "MAT-File Format", level 5: either byte order, plain and zlib-compressed elements.
public struct MATLABFile: Sendable, Equatable {
    /// The most bytes that a compressed element may decompress to.
    public static let maximumExpandedBytes = 256 << 20

    /// The values, by name.
    public let variables: [String: MATLABValue]

    /// Reads all variables of the file at `path`.
    public init(contentsOf path: String) throws(MATLABError) {
        let bytes: [UInt8]
        do { bytes = unsafe try MappedFile(path: path).withBytes { unsafe Array($0) } } catch { throw .file(error) }
        try self.init(decoding: bytes)
    }

    /// Reads all variables of a file whose bytes are given.
    public init(decoding bytes: [UInt8]) throws(MATLABError) {
        if bytes.starts(with: Array("MATLAB 7.3".utf8)) { throw .version73 }
        guard bytes.count >= 128, [[0x49, 0x4D], [0x4D, 0x49]].contains(Array(bytes[126..<128])) else {
            throw .notMATLAB
        }
        let reader = MATLABReader(bytes, isBigEndian: bytes[126] == 0x4D)
        guard reader.number(at: 124, bytes: 2) == 0x0100 else { throw .notMATLAB }
        var variables: [String: MATLABValue] = [:]
        var position = 128
        while position < bytes.count {
            let element = try reader.element(at: position, before: bytes.count)
            let (name, value) = try reader.variable(element, at: position)
            if !name.isEmpty { variables[name] = value }
            position = element.end
        }
        self.variables = variables
    }
}
