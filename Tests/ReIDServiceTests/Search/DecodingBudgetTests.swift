import Dispatch
import Foundation
import HTTP
import HTTPTypes
import Imaging
import Synchronization
import Testing

@testable import ReIDService

@Suite struct DecodingBudgetTests {
    private func hold(
        _ budget: DecodingBudget, _ cost: Int, _ patience: DecodingBudget.Patience = .short, _ body: () throws -> Void
    ) throws {
        try budget.run(cost: cost, patience: patience, isCancelled: { false }, body)
    }

    @Test func `one request takes at most half of what is left, so that a smaller one always fits`() throws {
        let budget = DecodingBudget(pixels: 160, wait: .zero, waiters: 8)
        try hold(budget, 1000) {
            #expect(budget.taken == 80)
            #expect(throws: ServiceError.decodersBusy) { try hold(budget, 41) {} }
            try hold(budget, 40) {
                #expect(throws: ServiceError.decodersBusy) { try hold(budget, 21) {} }
                try hold(budget, 20) { #expect(budget.taken == 140) }
            }
        }
        #expect(budget.taken == 0)
        #expect(budget.waiting == 0)
    }

    @Test func `a request waits until there is room`() throws {
        let budget = DecodingBudget(pixels: 160, wait: .seconds(600), waiters: 1)
        let done = DispatchGroup()
        let order = Mutex<[String]>([])
        try hold(budget, 80) {
            DispatchQueue.global().async(group: done) {
                try? hold(budget, 80) { order.withLock { $0.append("second") } }
            }
            while budget.waiting == 0 { usleep(1000) }
            order.withLock { $0.append("first") }
        }
        done.wait()
        #expect(order.withLock { $0 } == ["first", "second"])
        #expect(budget.taken == 0)
    }

    @Test func `only some may wait; one more is refused at once, but not an image to enroll`() throws {
        let budget = DecodingBudget(pixels: 160, wait: .seconds(600), waiters: 1)
        let done = DispatchGroup()
        let decoded = Atomic(0)
        try hold(budget, 80) {
            for patience in [DecodingBudget.Patience.short, .endless] {
                DispatchQueue.global().async(group: done) {
                    try? hold(budget, 80, patience) { decoded.add(1, ordering: .relaxed) }
                }
                while budget.waiting < (patience == .short ? 1 : 2) { usleep(1000) }
            }
            #expect(throws: ServiceError.decodersBusy) { try hold(budget, 80) {} }
        }
        done.wait()
        #expect(decoded.load(ordering: .relaxed) == 2)
        #expect(budget.taken == 0)
    }

    @Test func `one that is canceled while it waits leaves the line`() throws {
        let budget = DecodingBudget(pixels: 160, wait: .seconds(600), waiters: 1)
        try hold(budget, 80) {
            #expect(throws: ImageError.cancelled) {
                try budget.run(cost: 80, patience: .endless, isCancelled: { true }) {}
            }
            #expect(budget.waiting == 0)
        }
        #expect(budget.taken == 0)
    }

    @Test func `a decoder that fails gives its room back`() throws {
        let budget = DecodingBudget(pixels: 160, wait: .zero, waiters: 1)
        #expect(throws: ImageError.empty) { try hold(budget, 80) { throw ImageError.empty } }
        #expect(budget.taken == 0)
    }

    @Test func `images that are too large together are refused before the first of them is decoded`() throws {
        try withService {
            $0.limits.requestPixels = 3000
        } _: { service in
            let image = try TestImage(seed: 1).bytes  // 24×64
            var damaged = image
            damaged[image.count / 2] ^= 0xFF
            let response = try service.post("/v1/embeddings", form: [.image(damaged), .image(image)])
            #expect(response.status == .contentTooLarge, "\(response.said)")
            #expect(try response.object["type"] == .text("urn:reid:too-many-pixels"))
            #expect(try response.text.contains("3072 pixels"))
            #expect(try response.text.contains("limits.request_pixels"))
            // The header of the second image is read before the data of the first.
            let cut = Array(image.prefix(20))
            let mixed = try service.post("/v1/embeddings", form: [.image(damaged), .image(cut)])
            #expect(mixed.status == .unprocessableContent)
            #expect(try mixed.text.contains("Image 2 of 2"))
        }
        try withService {
            $0.limits.requestPixels = 3072
        } _: { service in
            let image = try TestImage(seed: 1).bytes
            #expect(try service.post("/v1/embeddings", form: [.image(image), .image(image)]).status == .ok)
        }
        try withService {
            $0.limits.requestPixels = 1
        } _: { service in
            let image = try TestImage(seed: 1).bytes
            #expect(try service.post("/v1/embeddings", image: image).status == .ok)
        }
    }

    @Test(arguments: ["/v1/embeddings", "/v1/galleries/lobby/search"])
    func `a request that finds no room for its pixels is told to come back`(target: String) throws {
        try withService {
            $0.limits.decodingPixels = 6000
            $0.limits.decodingWait = 0
        } _: { service in
            try service.makeGallery("lobby")
            let image = try TestImage(seed: 1).bytes  // 1536 pixels
            try hold(service.context.decoding, 3000) {
                let refused = try service.post(target, image: image)
                #expect(refused.status == .serviceUnavailable, "\(refused.said)")
                #expect(refused.fields[.retryAfter] == "2")
                #expect(service.context.decoding.waiting == 0)
                let small = try TestImage(seed: 1, width: 20, height: 60).bytes
                #expect(try service.post(target, image: small).status == .ok)
            }
            #expect(try service.post(target, image: image).status == .ok)
            #expect(service.context.decoding.taken == 0)
        }
    }
}
