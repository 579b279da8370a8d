/// The address that a webhook is delivered to.
struct WebhookURL: Sendable, Equatable {
    /// Whether it is `https`.
    let isSecure: Bool
    /// A name in lowercase, or an address without brackets.
    let host: String
    let port: UInt16
    /// The path and the query.
    let target: String

    /// What the text must be.
    static let expectation =
        "a URL such as https://desk.example.org/sightings, without a user, a password and a fragment"

    /// Reads an absolute URL of `http` or `https`; nil for anything else.
    init?(_ text: String) {
        guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && !##""#<>\^`{|}"##.utf8.contains($0) }) else { return nil }
        guard let scheme = ["https://", "http://"].first(where: { text.lowercased().hasPrefix($0) }) else { return nil }
        isSecure = scheme == "https://"
        let rest = text.dropFirst(scheme.count)
        let authority = String(rest.prefix { $0 != "/" && $0 != "?" })
        let target = rest.dropFirst(authority.count)
        self.target = target.hasPrefix("/") ? String(target) : "/" + target
        var name = authority[...]
        var port: UInt16 = isSecure ? 443 : 80
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.allSatisfy(\.isNumber), let number = UInt16(digits), number > 0 else { return nil }
            port = number
            name = authority[..<colon]
        }
        self.port = port
        if name.hasPrefix("["), name.hasSuffix("]") {
            host = String(name.dropFirst().dropLast())
            guard host.contains(":"), IPAddress(host) != nil else { return nil }
        } else {
            host = name.lowercased()
            guard OriginRules.isName(host) else { return nil }
        }
    }
}

/// Where webhooks may go: nowhere, except for what the configuration allows.
struct WebhookTargets: Sendable {
    private let names: Set<String>
    private let networks: [NetworkRange]

    /// Takes host names and networks, as `webhooks.allowed` has them.
    init(allowing entries: [String]) {
        networks = entries.compactMap(NetworkRange.init)
        names = Set(entries.filter { NetworkRange($0) == nil }.map { $0.lowercased() })
    }

    /// Whether a text may stand in `webhooks.allowed`.
    static func isEntry(_ text: String) -> Bool {
        NetworkRange(text) != nil || OriginRules.isName(text) && !text.hasSuffix(".")
    }

    /// Whether a webhook may be kept; where its host's name leads is only known when it is delivered.
    func mayAllow(_ url: WebhookURL) -> Bool {
        if let address = IPAddress(url.host) { return networks.contains { $0.contains(address) } }
        return url.isSecure && names.contains(url.host) || !networks.isEmpty
    }

    /// Whether a webhook may be delivered to this address, which its host has now.
    ///
    /// An allowed network is allowed in clear too. An allowed name is allowed under TLS, and only as far as it leads to the
    /// public network, so that nobody who controls the name can point it at a machine in here.
    func allows(_ address: String, of url: WebhookURL) -> Bool {
        guard let address = IPAddress(address) else { return false }
        if networks.contains(where: { $0.contains(address) }) { return true }
        return url.isSecure && names.contains(url.host) && address.isPublic
    }
}
