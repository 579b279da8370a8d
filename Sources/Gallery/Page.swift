/// One part of a list, and where the next part starts.
public struct Page<Item: Sendable>: Sendable {
    /// At most as many as were asked for.
    public let items: [Item]
    /// Hand this in to go on; nil at the end.
    public let next: String?
}

extension Page: Equatable where Item: Equatable {}

/// What a page may have.
public enum PageLimits {
    /// Items in one page.
    public static let maximum = 1000
}

/// The place in a list after which a page starts: the kind of list and the last item's key.
///
/// A key belongs to its item for ever, so that a cursor stays right while others are inserted or deleted.
struct Cursor: Equatable {
    enum List: Character {
        case images = "i"
        case batches = "b"
        case items = "t"
        case queries = "q"
    }

    let list: List
    let key: Int64

    init(list: List, after key: Int64) {
        self.list = list
        self.key = key
    }

    /// Reads what `text` wrote; throws `invalidCursor` for anything else, such as another list's cursor.
    init(_ text: String, of list: List) throws(GalleryError) {
        guard text.first == list.rawValue, let key = Int64(text.dropFirst(), radix: 36), key >= 0,
            Cursor(list: list, after: key).text == text
        else { throw .invalidCursor(text) }
        self.init(list: list, after: key)
    }

    var text: String { "\(list.rawValue)\(String(key, radix: 36))" }
}

extension Page {
    /// Checks a limit: throws `invalidLimit` unless it is in 1...1000.
    static func check(limit: Int) throws(GalleryError) {
        guard (1...PageLimits.maximum).contains(limit) else {
            throw .invalidLimit(limit, maximum: PageLimits.maximum)
        }
    }

    /// A page from up to `limit + 1` items: the one too many only says that there is more.
    init(_ found: [Item], limit: Int, list: Cursor.List, key: (Item) -> Int64) {
        let items = Array(found.prefix(limit))
        let last = found.count > limit ? items.last : nil
        self.init(items: items, next: last.map { Cursor(list: list, after: key($0)).text })
    }
}
