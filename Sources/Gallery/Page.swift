/// One page of a list, with the cursor of the next page.
public struct Page<Item: Sendable>: Sendable {
    /// The items of the page, at most as many as the caller asked for.
    public let items: [Item]
    /// The cursor for the next page; nil at the end of the list.
    public let next: String?
}

extension Page: Equatable where Item: Equatable {}

/// The limits of a page.
public enum PageLimits {
    /// The most items of one page.
    public static let maximum = 1000
}

/// The place in a list after which a page starts: the kind of the list, and the key of the item before.
///
/// An item keeps its key forever, so a cursor stays valid while other items are inserted or deleted.
struct Cursor: Equatable {
    enum List: Character {
        case images = "i"
        case batches = "b"
        case items = "t"
        case queries = "q"
        case tokens = "k"
        case audit = "a"
    }

    let list: List
    let key: Int64

    init(list: List, after key: Int64) {
        self.list = list
        self.key = key
    }

    /// Reads a cursor's text; throws `invalidCursor` for anything else, such as a cursor of another list.
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

    /// Makes a page from up to `limit + 1` items; the extra item only shows that there are more.
    init(_ found: [Item], limit: Int, list: Cursor.List, key: (Item) -> Int64) {
        let items = Array(found.prefix(limit))
        let last = found.count > limit ? items.last : nil
        self.init(items: items, next: last.map { Cursor(list: list, after: key($0)).text })
    }
}
