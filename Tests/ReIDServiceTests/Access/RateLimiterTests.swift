import Synchronization
import Testing

@testable import ReIDService

@Suite struct RateLimiterTests {
    /// A clock that stands still until it is moved.
    private final class Clock: Sendable {
        private let time = Mutex(ContinuousClock.now)

        var now: ContinuousClock.Instant { time.withLock { $0 } }

        func advance(_ duration: Duration) { time.withLock { $0 += duration } }
    }

    private func count(_ limiter: RateLimiter, _ key: String, of attempts: Int) -> Int {
        (0..<attempts).count { _ in (try? limiter.take(key)) != nil }
    }

    @Test func `a burst is taken at once, then as many as time gives`() throws {
        let clock = Clock()
        let limiter = RateLimiter(perSecond: 2, burst: 5) { clock.now }
        #expect(count(limiter, "a", of: 9) == 5)
        #expect(throws: ServiceError.tooManyRequests(seconds: 1)) { try limiter.take("a") }
        #expect(count(limiter, "b", of: 9) == 5)
        clock.advance(.milliseconds(1500))
        #expect(count(limiter, "a", of: 9) == 3)
        clock.advance(.seconds(3600))
        #expect(count(limiter, "a", of: 9) == 5)
    }

    @Test func `what is given back can be taken again, up to the burst`() throws {
        let clock = Clock()
        let limiter = RateLimiter(perSecond: 0.001, burst: 2) { clock.now }
        #expect(count(limiter, "a", of: 3) == 2)
        limiter.giveBack("a")
        #expect(count(limiter, "a", of: 3) == 1)
        for _ in 0..<5 { limiter.giveBack("a") }
        #expect(count(limiter, "a", of: 9) == 2)
        limiter.giveBack("unknown")
    }

    @Test func `buckets that are full again are dropped, and there is a most of them`() throws {
        let clock = Clock()
        let limiter = RateLimiter(perSecond: 1, burst: 1, most: 2000) { clock.now }
        for number in 0..<1024 { try limiter.take("\(number)") }
        clock.advance(.seconds(2))
        try limiter.take("new")
        #expect(limiter.count == 1)
        for number in 0..<5000 { _ = try? limiter.take("more \(number)") }
        #expect(limiter.count <= 2001)
        #expect(throws: ServiceError.self) { try limiter.take("one too many") }
        clock.advance(.seconds(2))
        try limiter.take("one too many")
        #expect(limiter.count == 1)
    }

    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("2001:db8::1", "2001:db8:0:0::/64"),
        ("::1", "0:0:0:0::/64"), ("fe80::1%eth0", "fe80:0:0:0::/64"), ("2001:DB8:0:1::", "2001:db8:0:1::/64"),
    ])
    func `addresses of one IPv6 network count as one`(peer: String, key: String) {
        #expect(AddressKey.of(peer) == key)
    }
}
