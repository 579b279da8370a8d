/// The beginning of a text that came from a client, for a message: at most `length` characters, and `…` if there are more.
///
/// Messages quote names, and a name may have any length.
public func excerpt(_ text: some StringProtocol, length: Int = 100) -> String {
    let scalars = text.unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: length, limitedBy: scalars.endIndex),
        end < scalars.endIndex
    else { return String(text) }
    return String(String.UnicodeScalarView(scalars[..<end])) + "…"
}
