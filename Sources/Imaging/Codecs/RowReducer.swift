/// By how much an image is reduced while it is decoded: the largest of 1, 2, 4 and 8 with which both sides stay at least
/// twice the target's.
///
/// Decoders reduce with other filters (libjpeg with its cosine transform, `RowReducer` with plain means) than `resized`.
/// At twice the target's size or more, `resized` still does the last step, so that the network sees nearly the same
/// pixels.
func reduction(width: Int, height: Int, covering target: (width: Int, height: Int)?) -> Int {
    guard let target else { return 1 }
    var factor = 1
    while factor < 8, width >= target.width * 4 * factor, height >= target.height * 4 * factor { factor *= 2 }
    return factor
}

/// Makes an image of rows that come from the top, smaller by a whole factor: each new pixel is the mean of a square of
/// old ones, rounded.
///
/// Squares at the right and lower edge may be cut off; they are the means of what there is. With a factor of 1, pixels
/// stay as they are.
struct RowReducer {
    private let width: Int
    private let height: Int
    private let channels: Int
    private let factor: Int
    /// The new image's size.
    private let newWidth: Int
    private let newHeight: Int
    private var pixels: [UInt8] = []
    /// The sums of the squares that the last rows have begun, and how many rows that were.
    private var sums: [UInt32]
    private var rows = 0
    private var rowsTaken = 0

    /// For rows of RGB (3 channels), or of RGB and a fourth value that says how much of the color counts (4 channels).
    init(width: Int, height: Int, channels: Int, factor: Int) {
        (self.width, self.height, self.channels, self.factor) = (width, height, channels, factor)
        newWidth = (width + factor - 1) / factor
        newHeight = (height + factor - 1) / factor
        sums = [UInt32](repeating: 0, count: newWidth * 3)
        pixels.reserveCapacity(newWidth * newHeight * 3)
    }

    /// The bytes of a row.
    var rowBytes: Int { width * channels }

    /// The new image, once all rows have been taken.
    var image: RGBImage { RGBImage(width: newWidth, height: newHeight, pixels: pixels) }

    /// Takes the next row.
    mutating func take(_ row: UnsafeBufferPointer<UInt8>) {
        if factor == 1, channels == 3 {
            unsafe pixels.append(contentsOf: row)
            return
        }
        unsafe add(row)
        rows += 1
        rowsTaken += 1
        if rows == factor || rowsTaken == height { finishRow() }
    }

    private mutating func add(_ row: UnsafeBufferPointer<UInt8>) {
        let (width, newWidth, channels, factor) = (width, newWidth, channels, factor)
        unsafe sums.withUnsafeMutableBufferPointer { sums in
            for block in 0..<newWidth {
                var (red, green, blue): (UInt32, UInt32, UInt32) = (0, 0, 0)
                for x in block * factor..<min((block + 1) * factor, width) {
                    let at = x * channels
                    if channels == 3 {
                        unsafe red &+= UInt32(row[at])
                        unsafe green &+= UInt32(row[at + 1])
                        unsafe blue &+= UInt32(row[at + 2])
                    } else {
                        let alpha = unsafe row[at + 3]
                        unsafe red &+= UInt32(share(row[at], of255: alpha))
                        unsafe green &+= UInt32(share(row[at + 1], of255: alpha))
                        unsafe blue &+= UInt32(share(row[at + 2], of255: alpha))
                    }
                }
                unsafe sums[block * 3] &+= red
                unsafe sums[block * 3 + 1] &+= green
                unsafe sums[block * 3 + 2] &+= blue
            }
        }
    }

    /// Writes the means of the squares that are complete.
    private mutating func finishRow() {
        for block in 0..<newWidth {
            let count = UInt32(rows * (min((block + 1) * factor, width) - block * factor))
            for channel in block * 3..<block * 3 + 3 {
                pixels.append(UInt8((sums[channel] + count / 2) / count))
                sums[channel] = 0
            }
        }
        rows = 0
    }
}
