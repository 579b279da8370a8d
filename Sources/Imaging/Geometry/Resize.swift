extension RGBImage {
    /// The image at another size, by antialiased bilinear resampling: byte for byte what Pillow's `BILINEAR` gives.
    ///
    /// Each new pixel is a weighted mean of old ones, w(d) = max(0, 1 − |d| / r) at distance d from the new pixel's
    /// center, where r is the reduction factor, but at least 1. It is taken along rows and along columns; both passes
    /// round to 8 bits. As in Pillow 13, rows are reduced first if the height loses more than twice as many pixels as
    /// the width. Pillow up to 12 always begins with the width; the difference is rounding, at most one level.
    ///
    /// Precondition: both sides are at least 1.
    public func resized(width newWidth: Int, height newHeight: Int) -> RGBImage {
        precondition(newWidth > 0 && newHeight > 0, "cannot resize to \(newWidth)×\(newHeight)")
        if newHeight < height, height - newHeight > 2 * (width - newWidth) {
            return withHeight(newHeight).withWidth(newWidth)
        }
        return withWidth(newWidth).withHeight(newHeight)
    }

    private func withWidth(_ newWidth: Int) -> RGBImage {
        if newWidth == width { return self }
        let taps = ResamplingTaps(from: width, to: newWidth)
        let resampled = unsafe [UInt8](unsafeUninitializedCapacity: newWidth * height * 3) { target, count in
            unsafe pixels.withUnsafeBufferPointer { source in
                unsafe taps.weights.withUnsafeBufferPointer { weights in
                    for y in 0..<height {
                        for x in 0..<newWidth {
                            var from = (y * width + taps.first[x]) * 3
                            var (red, green, blue) = (ResamplingTaps.half, ResamplingTaps.half, ResamplingTaps.half)
                            for tap in taps.offset[x]..<taps.offset[x + 1] {
                                let weight = unsafe weights[tap]
                                unsafe red &+= weight &* Int32(source[from])
                                unsafe green &+= weight &* Int32(source[from + 1])
                                unsafe blue &+= weight &* Int32(source[from + 2])
                                from += 3
                            }
                            let to = (y * newWidth + x) * 3
                            unsafe target[to] = ResamplingTaps.rounded(red)
                            unsafe target[to + 1] = ResamplingTaps.rounded(green)
                            unsafe target[to + 2] = ResamplingTaps.rounded(blue)
                        }
                    }
                }
            }
            count = newWidth * height * 3
        }
        return RGBImage(width: newWidth, height: height, pixels: resampled)
    }

    private func withHeight(_ newHeight: Int) -> RGBImage {
        if newHeight == height { return self }
        let taps = ResamplingTaps(from: height, to: newHeight)
        let stride = width * 3
        var sums = [Int32](repeating: 0, count: stride)
        let resampled = unsafe [UInt8](unsafeUninitializedCapacity: stride * newHeight) { target, count in
            unsafe pixels.withUnsafeBufferPointer { source in
                unsafe sums.withUnsafeMutableBufferPointer { sums in
                    for y in 0..<newHeight {
                        unsafe sums.update(repeating: ResamplingTaps.half)
                        for (row, tap) in zip(taps.first[y]..., taps.offset[y]..<taps.offset[y + 1]) {
                            let weight = taps.weights[tap]
                            let line = unsafe UnsafeBufferPointer(rebasing: source[row * stride..<(row + 1) * stride])
                            for x in 0..<stride { unsafe sums[x] &+= weight &* Int32(line[x]) }
                        }
                        for x in 0..<stride { unsafe target[y * stride + x] = ResamplingTaps.rounded(sums[x]) }
                    }
                }
            }
            count = stride * newHeight
        }
        return RGBImage(width: width, height: newHeight, pixels: resampled)
    }
}
