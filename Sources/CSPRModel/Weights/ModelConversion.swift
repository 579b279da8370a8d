public import TensorFiles

extension CSPRModel {
    /// Writes the same weights to another file.
    ///
    /// - Parameters:
    ///   - path: The path of the file; an existing file is replaced atomically.
    ///   - precision: How floats are stored.
    ///   - isMirrored: Whether the embedding of an image is the mean over the image and its mirror image.
    /// - Throws: `ModelError.file` if the weights cannot be read any more or the file cannot be written.
    public func write(to path: String, precision: SafetensorsPrecision, isMirrored: Bool) throws(ModelError) {
        var metadata = file.metadata
        metadata[WeightReader.mirrored] = isMirrored ? "true" : nil
        do throws(SafetensorsError) {
            let tensors = try file.names.map { name throws(SafetensorsError) in
                (name: name, value: SafetensorsValue.floats(try file.floats(name)))
            }
            try SafetensorsWriter.write(tensors, metadata: metadata, to: path, precision: precision)
        } catch {
            throw .file(error)
        }
    }
}
