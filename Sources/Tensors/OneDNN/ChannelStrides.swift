internal import COneDNN

/// Where a layout of [batch, channels, height, width] keeps each channel's values, for loops of one's own over them.
///
/// Position p (row-major) of channel c of image b is float number b·image + (c / lanes)·group + c % lanes + p·position.
package struct ChannelStrides: Sendable, Equatable {
    /// How many channels lie beside each other; 1 if each channel is a row of its own.
    package var lanes: Int
    /// From one group of `lanes` channels to the next.
    package var group: Int
    /// From one position to the next.
    package var position: Int
    /// From one image to the next.
    package var image: Int
    /// The number of images.
    package var batch: Int
    /// The number of channels, without padding.
    package var channels: Int
    /// Height times width.
    package var positions: Int

    /// A layout that keeps `lanes` channels of a position beside each other, and such groups one after the other.
    package init(batch: Int, channels: Int, positions: Int, lanes: Int) {
        (self.batch, self.channels, self.positions, self.lanes) = (batch, channels, positions, lanes)
        position = lanes
        group = lanes * positions
        image = (channels + lanes - 1) / lanes * group
    }

    /// The strides of `layout`.
    ///
    /// - Throws: `OneDNNError.invalidArguments` if the layout has not four dimensions, or is blocked in another way than
    ///   by channels.
    package init(_ layout: DataLayout) throws(OneDNNError) {
        let descriptor = layout.descriptor
        let blocking = unsafe descriptor.format_desc.blocking
        let strides = [blocking.strides.0, blocking.strides.1, blocking.strides.2, blocking.strides.3].map(Int.init)
        let extents = [descriptor.dims.0, descriptor.dims.1, descriptor.dims.2, descriptor.dims.3].map(Int.init)
        let isBlocked = blocking.inner_nblks == 1 && blocking.inner_idxs.0 == 1
        guard descriptor.ndims == 4, descriptor.format_kind == dnnl_blocked, isBlocked || blocking.inner_nblks == 0,
            extents[2] == 1 || strides[2] == extents[3] * strides[3]
        else { throw .invalidArguments(operation: "channels of a layout") }
        batch = extents[0]
        channels = extents[1]
        positions = extents[2] * extents[3]
        image = strides[0]
        position = extents[3] == 1 ? strides[2] : strides[3]
        if isBlocked {
            (lanes, group) = (Int(blocking.inner_blks.0), strides[1])
        } else if strides[1] == 1, channels > 1, positions > 1 {
            (lanes, group) = (channels, 0)
        } else {
            (lanes, group) = (1, strides[1])
        }
    }

    /// The number of the float at which channel `channel` of image `image` begins.
    package func start(image: Int, channel: Int) -> Int {
        image * self.image + channel / lanes * group + channel % lanes
    }

    /// The number of channels with padding.
    package var paddedChannels: Int { (channels + lanes - 1) / lanes * lanes }
}
