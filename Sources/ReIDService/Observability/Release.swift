/// The version of this program.
public enum Release {
    /// The version of reid.
    public static let version = "0.1.0"

    /// The version of the Swift compiler that compiled it.
    static var swift: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #elseif compiler(>=6.3)
            "6.3"
        #else
            "6.2"
        #endif
    }
}
