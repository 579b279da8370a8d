/// How a stored image must be turned to stand upright: the values of EXIF's tag 0x0112.
///
/// Each case says where the first stored row and the first stored column are in the upright image.
enum Orientation: UInt16, CaseIterable {
    case topLeft = 1
    case topRight, bottomRight, bottomLeft, leftTop, rightTop, rightBottom, leftBottom

    /// Whether width and height change places.
    var swapsSides: Bool { rawValue >= 5 }
}

extension RGBImage {
    /// The image turned or mirrored to stand upright.
    func upright(from orientation: Orientation) -> RGBImage {
        // The index of the stored pixel that becomes the top left one, and the steps in the stored pixels for one pixel
        // to the right and one down.
        let (start, right, down): (Int, Int, Int)
        let last = width * height - 1
        switch orientation {
        case .topLeft: return self
        case .topRight: (start, right, down) = (width - 1, -1, width)
        case .bottomRight: (start, right, down) = (last, -1, -width)
        case .bottomLeft: (start, right, down) = (last - (width - 1), 1, -width)
        case .leftTop: (start, right, down) = (0, width, 1)
        case .rightTop: (start, right, down) = (last - (width - 1), -width, 1)
        case .rightBottom: (start, right, down) = (last, -width, -1)
        case .leftBottom: (start, right, down) = (width - 1, width, -1)
        }
        let (newWidth, newHeight) = orientation.swapsSides ? (height, width) : (width, height)
        let turned = unsafe [UInt8](unsafeUninitializedCapacity: pixels.count) { target, count in
            unsafe pixels.withUnsafeBufferPointer { source in
                for y in 0..<newHeight {
                    for x in 0..<newWidth {
                        let from = (start + y * down + x * right) * 3
                        let to = (y * newWidth + x) * 3
                        unsafe target[to] = source[from]
                        unsafe target[to + 1] = source[from + 1]
                        unsafe target[to + 2] = source[from + 2]
                    }
                }
            }
            count = pixels.count
        }
        return RGBImage(width: newWidth, height: newHeight, pixels: turned)
    }
}
