import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

/// Tests that an answer which is not described is found, because all other tests rely on that.
@Suite struct DescribedAPITests {
    private let liveness: [UInt8] = Array(#"{"status":"alive"}"#.utf8)
    private let fields: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]

    private func faults(
        _ status: Int, _ fields: HTTPFields, _ body: [UInt8], method: HTTPRequest.Method = .get,
        target: String = "/livez", isWhole: Bool = false
    ) throws -> [String] {
        try DescribedAPI.query(Service.Configuration())
            .faults(of: (status, fields, body), to: method, target, isWhole: isWhole)
    }

    @Test func `an answer as described has no faults`() throws {
        #expect(try faults(200, fields, liveness) == [])
        #expect(try faults(204, [:], [], method: .delete, target: "/v1/queries/q") == [])
        #expect(try faults(304, [.eTag: "\"1\"", .cacheControl: "no-cache"], [], target: "/v1/images/i/content") == [])
    }

    @Test func `a status, header, media type, member or parameter that is not described is a fault`() throws {
        #expect(try faults(201, fields, liveness) == ["the status 201 is not described"])
        var more = fields
        more[.location] = "/"
        #expect(try faults(200, more, liveness) == ["the header Location is not described"])
        #expect(
            try faults(200, [.contentType: "application/json"], liveness) == ["the header Cache-Control is missing"])
        #expect(
            try faults(200, [.contentType: "text/plain", .cacheControl: "x"], liveness)
                == ["the media type text/plain is not described"])
        #expect(
            try faults(200, fields, Array(#"{"status":"alive","age":3}"#.utf8))
                == [": the member age is not described"])
        #expect(try faults(200, fields, Array("{".utf8)) == ["the body is not JSON"])
        #expect(
            try faults(200, fields, liveness, target: "/livez?color=red") == ["the parameter color is not described"])
        #expect(
            try faults(204, [:], liveness, method: .delete, target: "/v1/queries/q") == ["a body is not described"])
        #expect(try faults(200, fields, liveness, target: "/v1/nothing") == ["the route is not described"])
        #expect(try faults(405, fields, liveness, method: .put) == ["a 405 without Allow"])
    }

    @Test func `over a socket an answer names its request`() throws {
        var whole = fields
        whole[.contentLength] = "18"
        whole[.xContentTypeOptions] = "nosniff"
        whole[.crossOriginResourcePolicy] = "same-origin"
        #expect(try faults(200, whole, liveness, isWhole: true) == ["the header X-Request-Id is missing"])
        whole[.xRequestID] = "4f6a0c1d2e3b5a79"
        #expect(try faults(200, whole, liveness, isWhole: true) == [])
        #expect(try faults(200, whole, liveness) == ["the header Content-Length is not described"])
    }
}
