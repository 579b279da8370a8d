internal import COpenSSL
import Synchronization

/// A server's certificate and key, read from files; they can be read again while the server runs.
public final class TLSContext: Sendable {
    private struct Current {
        var settings: TLSSettings
        /// When the settings were made, on the clock of `uptime`.
        var made = uptime()
    }

    /// The seconds after which the keys of session tickets are replaced: whoever learns one can read no more than the
    /// sessions of this time.
    private static let ticketKeySeconds = 12.0 * 60 * 60

    private let files: TLSFiles
    private let current: Mutex<Current>

    /// Reads and checks the files.
    public init(_ files: TLSFiles) throws(TLSError) {
        self.files = files
        current = Mutex(Current(settings: try TLSSettings(try TLSCredentials(files))))
    }

    /// Reads the files again: new connections get the new certificate, open ones go on.
    ///
    /// - Throws: `TLSError` if the files cannot be used; then the certificate stays as it was.
    public func reload() throws(TLSError) {
        let settings = try TLSSettings(try TLSCredentials(files))
        current.withLock { $0 = Current(settings: settings) }
    }

    /// What the server's certificate says about itself.
    public var certificate: TLSCertificate { current.withLock { $0.settings.credentials.certificates[0].facts } }

    /// Starts the server's side of TLS on a connected socket.
    func stream(_ descriptor: Int32) -> TLSStream {
        let settings = current.withLock { current in
            if uptime() - current.made > nanoseconds(Self.ticketKeySeconds),
                let settings = try? TLSSettings(current.settings.credentials)
            {
                current = Current(settings: settings)
            }
            return current.settings
        }
        return unsafe TLSStream(taking: settings.session(), descriptor)
    }
}
