import Ranking

/// The conditions of a filter as the index knows them: keys instead of names.
struct RowConditions {
    /// Only images of these cameras; nil: of all.
    var cameras: Set<UInt32>?
    /// No images of these cameras.
    var excludedCameras: Set<UInt32> = []
    /// Only images of this person; nil: of anybody.
    var person: UInt32?
    /// Only images captured at this time or later; images without a time are left out.
    var capturedFrom: Timestamp?
    /// Only images captured at this time or earlier; images without a time are left out.
    var capturedTo: Timestamp?

    /// A bit for each of 64 rows of a part that is there and meets every condition.
    func rows(of part: IndexPart, word: Int, cameraTable: CameraTable?) -> UInt64 {
        var rows = part.live(word: word)
        let first = 64 * word
        if let person { Self.narrow(&rows) { part.columns.person(first + $0) == person } }
        if let cameraTable { Self.narrow(&rows) { cameraTable.allows(part.columns.camera(first + $0)) } }
        if capturedFrom != nil || capturedTo != nil {
            // An unknown time is the smallest number, and before every beginning.
            let (from, to) = (capturedFrom?.milliseconds ?? .min + 1, capturedTo?.milliseconds ?? .max)
            Self.narrow(&rows) { place in
                let time = unsafe part.columns.times[first + place]
                return from <= time && time <= to
            }
        }
        return rows
    }

    /// Keeps the bits whose places meet a condition.
    @inline(__always)
    private static func narrow(_ rows: inout UInt64, _ isMet: (Int) -> Bool) {
        var rest = rows
        while rest != 0 {
            if !isMet(rest.trailingZeroBitCount) { rows &= ~(rest & (~rest + 1)) }
            rest &= rest - 1
        }
    }

    /// Which cameras are allowed, for a quick look for each row; nil if all are.
    func cameraTable(of all: some Sequence<UInt32>) -> CameraTable? {
        guard cameras != nil || !excludedCameras.isEmpty else { return nil }
        return CameraTable(all) { cameras?.contains($0) ?? true && !excludedCameras.contains($0) }
    }

    /// Which of a gallery's cameras are allowed, by their keys.
    struct CameraTable {
        private let first: UInt32
        private let allowed: [Bool]
        private let allowsUnknown: Bool

        fileprivate init(_ cameras: some Sequence<UInt32>, _ allows: (UInt32) -> Bool) {
            let sorted = cameras.sorted()
            first = sorted.first ?? 0
            var allowed = [Bool](repeating: false, count: sorted.last.map { Int($0 - (sorted.first ?? 0)) + 1 } ?? 0)
            for camera in sorted { allowed[Int(camera - (sorted.first ?? 0))] = allows(camera) }
            self.allowed = allowed
            // Key 0 stands for an unknown camera; it can be excluded only by asking for others.
            allowsUnknown = allows(0)
        }

        @inline(__always)
        func allows(_ camera: UInt32?) -> Bool {
            guard let camera else { return allowsUnknown }
            return camera >= first && Int(camera - first) < allowed.count && allowed[Int(camera - first)]
        }
    }
}
