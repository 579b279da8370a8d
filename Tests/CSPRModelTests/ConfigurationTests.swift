import Foundation
import TensorFiles
import Tensors
import Testing

@testable import CSPRModel

@Suite struct ConfigurationTests {
    @Test func `the JSON is the reference's`() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let json = String(decoding: try encoder.encode(CSPRConfiguration()), as: UTF8.self)
        #expect(
            json == #"{"attention":"multiscale","block":"bottleneck","branch_dim":64,"branches":8,"#
                + #""candidate_ratios":[0.2,0.2,0.3,0.3,0.3,0.3,0.4,0.4],"depths":[3,4,6,3],"descriptor":"SPR","#
                + #""global_dim":512,"height":384,"identities":0,"last_stride":2,"local_stage":2,"width":64,"width_px":128}"#
        )
        #expect(try JSONDecoder().decode(CSPRConfiguration.self, from: Data(json.utf8)) == CSPRConfiguration())
    }

    @Test func `absent fields take their defaults`() throws {
        var expected = CSPRConfiguration()
        expected.descriptor = "PR"
        expected.lastStride = 1
        let json = #"{"descriptor": "PR", "last_stride": 1}"#
        #expect(try JSONDecoder().decode(CSPRConfiguration.self, from: Data(json.utf8)) == expected)
    }

    /// Fields that the paper's network does not need, with a value beside the default.
    @Test(arguments: [
        (#"{"ibn":"b"}"#, #""ibn":"b""#), (#"{"pooling":"gem"}"#, #""pooling":"gem""#),
        (#"{"barycenters":"normalized"}"#, #""barycenters":"normalized""#),
    ])
    func `a field beyond the paper is written where it is not the default`(json: String, member: String) throws {
        let configuration = try JSONDecoder().decode(CSPRConfiguration.self, from: Data(json.utf8))
        #expect(configuration != CSPRConfiguration())
        let written = try JSONEncoder().encode(configuration)
        #expect(String(decoding: written, as: UTF8.self).contains(member))
        #expect(try JSONDecoder().decode(CSPRConfiguration.self, from: written) == configuration)
    }

    @Test(arguments: [("SPR", 14), ("", 1), ("S", 5), ("P", 3), ("R", 8), ("SP", 7), ("RS", 12), ("PR", 10)])
    func `a descriptor's length follows from its letters`(letters: String, multiple: Int) {
        var configuration = CSPRConfiguration()
        configuration.descriptor = letters
        #expect(configuration.rawLength(channels: 512) == 512 * multiple)
    }

    @Test func `an invalid configuration initializes nothing`() {
        var configuration = CSPRConfiguration()
        configuration.branches = 0
        #expect(throws: ModelError.invalidConfiguration(field: "branches", reason: "expected a number in 1...64")) {
            try CSPRModel.initialize(configuration: configuration, seed: 1, to: "/nonexistent/x", precision: .float32)
        }
    }
}
