import Testing

@testable import ReIDService

@Suite struct WebhookTargetTests {
    @Test(arguments: [
        ("https://desk.example.org", true, "desk.example.org", 443, "/"),
        ("HTTP://Desk.Example.ORG:8080/a/b?c=%20d", false, "desk.example.org", 8080, "/a/b?c=%20d"),
        ("https://[2001:db8::1]:9/x", true, "2001:db8::1", 9, "/x"),
        ("http://10.0.0.1?q", false, "10.0.0.1", 80, "/?q"),
    ])
    func `a URL is read`(text: String, isSecure: Bool, host: String, port: UInt16, target: String) throws {
        let url = try #require(WebhookURL(text))
        #expect(url.isSecure == isSecure && url.host == host && url.port == port && url.target == target)
    }

    @Test(arguments: [
        "", "desk.example.org", "ftp://a/", "https://", "https:///x", "https://user@a/", "https://a:b@c/",
        "https://a:0/",
        "https://a:70000/", "https://a:/", "https://a/#b", "https://a/ b", "https://a/\r\nX: y", "https://ä/",
        "https://[::1/",
        "https://[a]/", "https://a\\b/", "https://-a/",
    ])
    func `anything else is no URL of a webhook`(text: String) { #expect(WebhookURL(text) == nil) }

    @Test(arguments: [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1",
    ])
    func `addresses of this machine and of local networks are not public`(address: String) throws {
        #expect(try !#require(IPAddress(address)).isPublic)
    }

    @Test(arguments: [
        "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.1.1", "100.63.0.1", "2606:4700::1111", "::ffff:8.8.8.8",
    ])
    func `others are public`(address: String) throws { #expect(try #require(IPAddress(address)).isPublic) }

    @Test func `a network has the addresses that begin with its bits`() throws {
        let network = try #require(NetworkRange("10.4.0.0/14"))
        for (address, isInside) in [
            ("10.4.0.0", true), ("10.7.255.255", true), ("10.8.0.0", false), ("::a04:0", false),
        ] {
            #expect(network.contains(try #require(IPAddress(address))) == isInside, "\(address)")
        }
        let one = try #require(NetworkRange("192.0.2.7"))
        #expect(one.contains(try #require(IPAddress("::ffff:192.0.2.7"))))
        #expect(one.contains(try #require(IPAddress("192.0.2.8"))) == false)
        #expect(NetworkRange("0.0.0.0/0")?.contains(try #require(IPAddress("9.9.9.9"))) == true)
        for text in ["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/08", "10.0.0.0/", "10.0/8", "::/129", "a"] {
            #expect(NetworkRange(text) == nil, "\(text)")
        }
    }

    @Test func `only what is configured may be reached, under TLS unless it is a network`() throws {
        let targets = WebhookTargets(allowing: ["Desk.example.org", "10.0.0.0/8", "::1"])
        func allows(_ address: String, _ text: String) throws -> Bool {
            targets.allows(address, of: try #require(WebhookURL(text)))
        }
        #expect(try allows("8.8.8.8", "https://desk.example.org/"))
        #expect(try allows("8.8.8.8", "http://desk.example.org/") == false)
        #expect(try allows("8.8.8.8", "https://other.example.org/") == false)
        // Whoever controls the name cannot lead it to this machine or to a network that is not allowed.
        for address in ["127.0.0.1", "169.254.169.254", "192.168.0.1", "::ffff:127.0.0.1", "fe80::1%lo", "nonsense"] {
            #expect(try allows(address, "https://desk.example.org/") == false, "\(address)")
        }
        #expect(try allows("10.9.9.9", "https://desk.example.org/") && allows("10.9.9.9", "http://intern/"))
        #expect(try allows("::1", "http://[::1]/"))
        let nothing = WebhookTargets(allowing: [])
        for text in ["https://desk.example.org/", "http://10.0.0.1/", "https://8.8.8.8/"] {
            let url = try #require(WebhookURL(text))
            #expect(
                !nothing.mayAllow(url) && !nothing.allows("8.8.8.8", of: url) && !nothing.allows("10.0.0.1", of: url))
        }
        #expect(targets.mayAllow(try #require(WebhookURL("http://10.2.0.1/"))))
        #expect(!targets.mayAllow(try #require(WebhookURL("http://11.2.0.1/"))))
    }
}
