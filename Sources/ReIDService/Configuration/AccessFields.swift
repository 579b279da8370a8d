/// The fields about who may use the service.
extension ConfigurationField {
    static let tokens = [
        ConfigurationField(
            "tokens.required", .flag(\.tokens.required),
            "Whether the query listener asks for a token on loopback too; on any other address it always does."),
        ConfigurationField(
            "tokens.session_hours", .whole(\.tokens.sessionHours, in: 1...8760), unit: "h",
            "How long a dashboard stays signed in; never longer than its token is valid."),
        ConfigurationField(
            "tokens.sessions", .whole(\.tokens.sessions, in: 1...1_000_000), unit: "sessions",
            "How many dashboards are signed in at once; one more signs out the one whose session would end first."),
        ConfigurationField(
            "tokens.wrong_sign_ins_per_minute", .whole(\.tokens.wrongSignInsPerMinute, in: 1...1_000_000),
            unit: "sign-ins",
            "How many wrong tokens one address may sign in with in a minute; one more is answered 429."),
    ]

    static let rates = [
        ConfigurationField(
            "limits.requests_per_second", .real(\.limits.requestsPerSecond, in: 0.001...1_000_000), unit: "1/s",
            "Requests with one token, in the long run; more are answered 429. Without a token, where none is required, "
                + "there is no limit."),
        ConfigurationField(
            "limits.request_burst", .whole(\.limits.requestBurst, in: 1...1_000_000), unit: "requests",
            "Requests with one token at once, before the rate above holds."),
        ConfigurationField(
            "limits.stranger_requests_per_second", .real(\.limits.strangerRequestsPerSecond, in: 0.001...1_000_000),
            unit: "1/s", "Requests without a valid token from one address, in the long run; more are answered 429."),
        ConfigurationField(
            "limits.stranger_request_burst", .whole(\.limits.strangerRequestBurst, in: 1...1_000_000),
            unit: "requests", "Requests without a valid token from one address at once, before the rate above holds."),
        ConfigurationField(
            "limits.searches_per_token", .whole(\.limits.searchesPerToken, in: 1...1_000_000), unit: "searches",
            "Searches, kept queries and embeddings that run at once for one token; one more is answered 429."),
    ]

    static let names = [
        ConfigurationField(
            "server.names", .list(\.serverNames, of: .hostNames),
            "The host names that the service goes by beside addresses and `localhost`; a request for any other is "
                + "answered 421."),
        ConfigurationField(
            "server.origins", .list(\.serverOrigins, of: .origins),
            "The origins of pages elsewhere that may use the service (CORS)."),
    ]
}
