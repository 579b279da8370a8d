internal import ArgumentParser
internal import ReIDService

/// How many items of a list are shown, and in which format.
struct ListOptions: ParsableArguments {
    @Option(help: "The most items to show.")
    var limit = 100

    @Option(help: "Where to continue: `next` of an earlier list.")
    var cursor: String?

    @Flag(help: "One JSON object instead of a table: items, and next if there are more.")
    var json = false

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit: expected at least 1") }
    }

    /// Prints the items as JSON, or as a table with one row per item.
    func show<Item>(_ list: ListAnswer<Item>, _ header: [String], row: (Item) -> [String]) throws {
        if json { return try Terminal.printJSON(list) }
        print(Terminal.table(header, list.items.map(row)))
        if let next = list.next { Terminal.complain("there are more: give a larger --limit, or --cursor \(next)") }
    }
}

extension APIClient {
    /// Fetches the items of the list at `path` page by page, until `options.limit` is reached.
    func list<Item>(
        _ path: [String], query: [(name: String, value: String)] = [], _ options: ListOptions
    ) throws -> ListAnswer<Item> {
        var list = ListAnswer<Item>(items: [], next: options.cursor)
        repeat {
            var query = query + [("limit", "\(min(options.limit - list.items.count, Self.pageSize))")]
            if let cursor = list.next { query.append(("cursor", cursor)) }
            let page = try send(request("GET", path, query: query), as: ListAnswer<Item>.self)
            list = ListAnswer(items: list.items + page.items, next: page.next)
        } while list.next != nil && list.items.count < options.limit
        return list
    }

    /// The largest page that the service gives.
    private static var pageSize: Int { 1000 }
}
