internal import HTTP
internal import HTTPTypes

/// The descriptions of `modelRoutes`, of `healthRoutes` and of the description itself.
func serviceDescriptions(_ configuration: Service.Configuration) -> [RouteDescription] {
    [
        RouteDescription(
            method: .get, pattern: "/v1/model", name: "getModel", summary: "Get the network that is served.",
            answers: [.json("The model.", .component("Model"), example: Examples.modelAnswer(configuration))]),
        RouteDescription(
            method: .get, pattern: "/livez", name: "getLiveness", summary: "Check whether the process answers.",
            answers: [.json("It does.", .component("Liveness"), example: ["status": "alive"])], isOpen: true),
        RouteDescription(
            method: .get, pattern: "/readyz", name: "getReadiness",
            summary: "Check whether the service takes requests.",
            answers: [
                .json("It does.", .component("Readiness"), example: Examples.readiness(isReady: true)),
                .json(
                    "It is stopping, or the audit cannot be written.", .component("Readiness"),
                    example: Examples.readiness(isReady: false),
                    status: .serviceUnavailable),
            ], isOpen: true),
        RouteDescription(
            method: .get, pattern: "/metrics", name: "getMetrics",
            summary: "Get counters and timers in the text format of Prometheus.",
            answers: [
                Answer(
                    status: .ok, description: "The metrics.", fields: [.cacheControl],
                    content: [
                        Content(
                            type: "text/plain", schema: .text("Version 0.0.4 of the format."),
                            examples: ["usual": "# TYPE reid_http_requests_total counter\n"])
                    ])
            ]),
        .ofTheDescription,
    ]
}

extension RouteDescription {
    /// The description of the route of this document.
    static let ofTheDescription = RouteDescription(
        method: .get, pattern: "/openapi.json", name: "getDescription",
        summary: "Describe every route of this listener.",
        answers: [
            .json(
                "A document of OpenAPI 3.1.", Schema(keywords: ["type": "object"]),
                example: ["openapi": "3.1.0"])
        ], isOpen: true)
}
