import CoreMetrics
import Foundation
import Gallery
import HTTP
import HTTPTypes
import Testing

@testable import ReIDService

@Suite struct MetricsTests {
    @Test func `counters, gauges and histograms are rendered as Prometheus reads them`() {
        let registry = PrometheusRegistry(help: ["a_total": "What a counts."])
        Counter(label: "a_total", dimensions: [("k", "v\"\\\n")], factory: registry).increment(by: 2)
        Counter(label: "a_total", dimensions: [("k", "v\"\\\n")], factory: registry).increment()
        Meter(label: "b", dimensions: [], factory: registry).set(1.5)
        let timer = CoreMetrics.Timer(label: "c_seconds", dimensions: [("r", "x")], factory: registry)
        for milliseconds in [1, 3, 70_000] { timer.recordNanoseconds(Int64(milliseconds) * 1_000_000) }
        let lines = registry.render().split(separator: "\n").map(String.init)
        #expect(
            lines.prefix(5) == [
                "# HELP a_total What a counts.", "# TYPE a_total counter", #"a_total{k="v\"\\\n"} 3"#, "# TYPE b gauge",
                "b 1.5",
            ])
        #expect(lines.contains("# TYPE c_seconds histogram"))
        #expect(lines.contains(#"c_seconds_bucket{r="x",le="0.001"} 1"#))
        #expect(lines.contains(#"c_seconds_bucket{r="x",le="0.005"} 2"#))
        #expect(lines.contains(#"c_seconds_bucket{r="x",le="60.0"} 2"#))
        #expect(lines.contains(#"c_seconds_bucket{r="x",le="+Inf"} 3"#))
        #expect(lines.contains(#"c_seconds_sum{r="x"} 70.004"#))
        #expect(lines.contains(#"c_seconds_count{r="x"} 3"#))
    }

    @Test func `a series that is destroyed is no longer shown`() {
        let registry = PrometheusRegistry()
        let meter = Meter(label: "b", dimensions: [("g", "x")], factory: registry)
        meter.set(1)
        Meter(label: "b", dimensions: [("g", "y")], factory: registry).set(2)
        meter.destroy()
        #expect(!registry.render().contains("x"))
        #expect(registry.render().contains(#"b{g="y"} 2.0"#))
    }

    @Test func `the service counts its requests by route and status, its galleries and its network`() throws {
        try withService { service in
            try service.makeGallery("lobby")
            try service.enroll(try SearchTests.images(), in: "lobby")
            let observe = service.context.metrics.observer(ofListener: "query")
            let request = try ServerRequest(method: .post, target: "/v1/galleries/lobby/search")
            observe("/v1/galleries/{gallery}/search", request, .ok, .milliseconds(3))
            observe("/v1/galleries/{gallery}/search", request, .notFound, .milliseconds(4))
            observe(nil, request, .notFound, .zero)
            let response = try service.ask(.get, "/metrics")
            #expect(response.fields[.contentType] == "text/plain; version=0.0.4; charset=utf-8")
            let text = try response.text
            let search = #"listener="query",method="POST",route="/v1/galleries/{gallery}/search""#
            #expect(text.contains("reid_http_requests_total{\(search),status=\"200\"} 1\n"))
            #expect(text.contains("reid_http_requests_total{\(search),status=\"404\"} 1\n"))
            #expect(text.contains("reid_http_request_duration_seconds_count{\(search)} 2\n"))
            let none = #"listener="query",method="any",route="none""#
            #expect(text.contains("reid_http_requests_total{\(none),status=\"404\"} 1\n"))
            #expect(text.contains("reid_gallery_images{gallery=\"lobby\"} 12.0\n"))
            #expect(text.contains("reid_gallery_people{gallery=\"lobby\"} 3.0\n"))
            #expect(text.contains("reid_images_to_wipe 0.0\n"))
            #expect(text.contains("reid_embedder_images_total 12\n"))
            #expect(text.contains("reid_embedder_queued_images 0.0\n"))
            #expect(text.contains("reid_batches{state=\"queued\"} 0.0\n"))
            #expect(text.contains("reid_jobs{kind=\"backup\",state=\"queued\"} 0.0\n"))
            #expect(text.contains("reid_jobs_ended_total{kind=\"backup\",state=\"failed\"} 0\n"))
            #expect(try service.ask(.get, "/metrics").text.contains("reid_embedder_images_total 12\n"))
            try service.store.deleteGallery("lobby")
            #expect(!(try service.ask(.get, "/metrics").text.contains("lobby")))
        }
    }
}
