/// Which program this is.
public enum Release {
    /// The version of reid.
    public static let version = "0.1.0"

    /// The version of the Swift compiler that made it.
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
