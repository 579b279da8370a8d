extension String {
    /// The text for a message: its beginning and "…" if it has more than `limit` bytes of UTF-8.
    ///
    /// Names from outside may have any length, and a message with all of them helps nobody.
    func shortened(to limit: Int = 120) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        while end > startIndex, end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return unicodeScalars[..<end].reduce(into: "") { $0.unicodeScalars.append($1) } + "…"
    }
}
