/// Whom the images of a gallery show, and which cameras took them.
///
/// An image is labeled if both its person and its camera are known. People and cameras are numbered in the order of their
/// first rows, so that the same rows give the same calibration.
public struct GalleryLabels: Sendable {
    /// A labeled image.
    struct Image: Sendable {
        let row: Int
        let person: Int
        let camera: Int
    }

    /// The labeled images, ascending by row.
    let images: [Image]
    /// The person in each row by number; -1 if the row is not labeled.
    private let personOfRow: [Int32]
    /// For each person with a labeled image, whether two cameras have seen them.
    let isSeenTwice: [Bool]
    /// The number of cameras with a labeled image.
    let labeledCameras: Int
    /// All rows that belong to images.
    let rows: RowFilter
    /// The rows of each camera by its number, also those of unknown people.
    let rowsOfCamera: [[Int]]

    /// The number of people with labeled images from two cameras or more.
    public var peopleOfTwoCameras: Int { isSeenTwice.count { $0 } }

    /// Collects the labels of rows; O(rows).
    ///
    /// Holds 4 bytes for each row, 8 more for each with a camera, and 24 more for each labeled one.
    ///
    /// - Parameters:
    ///   - rows: The rows that belong to images, each once, ascending.
    ///   - end: The end of the row numbers, `VectorSnapshot.end`.
    ///   - person: The person in a row; nil if unknown.
    ///   - camera: The camera of a row; nil if unknown.
    public init<Person: Hashable, Camera: Hashable>(
        rows: some Sequence<Int>, end: Int, person: (Int) -> Person?, camera: (Int) -> Camera?
    ) {
        var (people, cameras): ([Person: Int], [Camera: Int]) = ([:], [:])
        var (images, firstCamera, isSeenTwice): ([Image], [Int], [Bool]) = ([], [], [])
        var (all, rowsOfCamera): (RowFilter, [[Int]]) = (RowFilter(count: end), [])
        var personOfRow = [Int32](repeating: -1, count: end)
        for row in rows {
            all.allow(row)
            guard let name = camera(row) else { continue }
            let camera = cameras[name, default: cameras.count]
            if camera == cameras.count {
                cameras[name] = camera
                rowsOfCamera.append([])
            }
            rowsOfCamera[camera].append(row)
            guard let name = person(row) else { continue }
            let person = people[name, default: people.count]
            if person == people.count {
                people[name] = person
                firstCamera.append(camera)
                isSeenTwice.append(false)
            }
            if firstCamera[person] != camera { isSeenTwice[person] = true }
            personOfRow[row] = Int32(person)
            images.append(Image(row: row, person: person, camera: camera))
        }
        self.images = images
        self.personOfRow = personOfRow
        self.isSeenTwice = isSeenTwice
        self.rows = all
        self.rowsOfCamera = rowsOfCamera
        labeledCameras = Set(images.map(\.camera)).count
    }

    /// Throws unless there are enough labels to calibrate with; O(people).
    ///
    /// - Throws: `CalibrationError.oneCamera` or `.tooFewLabels`.
    public func check() throws(CalibrationError) {
        guard labeledCameras != 1 else { throw .oneCamera }
        let people = peopleOfTwoCameras
        guard people >= Calibration.leastPeople else {
            throw .tooFewLabels(people: people, needed: Calibration.leastPeople - people)
        }
    }

    /// The number of the person in a row; nil if the row is not labeled.
    func person(ofRow row: Int) -> Int? { personOfRow[row] < 0 ? nil : Int(personOfRow[row]) }

    /// The rows that belong to images, without those of one camera; O(rows / 64 + rows of the camera).
    func rows(withoutCamera camera: Int) -> RowFilter {
        var allowed = rows
        for row in rowsOfCamera[camera] { allowed.forbid(row) }
        return allowed
    }
}
