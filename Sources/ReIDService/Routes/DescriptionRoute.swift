internal import HTTP
internal import HTTPTypes

/// `GET /openapi.json`: the description of the listener, made once at the start.
func descriptionRoute(_ description: APIDescription) throws -> Route {
    let response = try ServerResponse.json(try description.json())
    return Route(.get, "/openapi.json", access: .anyone, execution: .loop) { request in
        try QueryParameters(request.query).finish()
        return .now(response)
    }
}
