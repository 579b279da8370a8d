internal import Gallery
internal import HTTP
internal import HTTPTypes
internal import Ranking

/// The routes that list, show and cancel jobs, and those that accept them.
func jobRoutes(_ service: ServiceContext) -> [Route] {
    [
        Route(.get, "/admin/v1/jobs", access: .holder(of: .admin)) { request in
            var parameters = QueryParameters(request.query)
            var filter = JobFilter()
            filter.kind = try parameters.choice("kind")
            filter.state = try parameters.choice("state")
            filter.gallery = try parameters.text("gallery")
            let page = try ListParameters(&parameters, limits: service.configuration.limits)
            let found = try service.store.jobs(
                filter, limit: page.limit, cursor: page.cursor, shows: request.filter)
            let now = Timestamp.now()
            return .now(
                try .json(ListAnswer(items: try found.items.map { try JobAnswer($0, now: now) }, next: found.next)))
        },
        Route(.get, "/admin/v1/jobs/{job}", access: .holder(of: .admin)) { request in
            try QueryParameters(request.query).finish()
            return .now(try .json(try JobAnswer(try service.visibleJob(request), now: .now())))
        },
        Route(.post, "/admin/v1/jobs/{job}/cancel", access: .holder(of: .admin)) { request in
            .now(try cancel(request, service))
        },
        Route(.post, "/admin/v1/compact", access: .holder(of: .admin)) { request in
            .now(try accept(request, CompactionWork(service: service), service))
        },
        Route(
            .post, "/admin/v1/backup", access: .holder(of: .admin), bodyLimit: JobLimits.bodyBytes, requiresBody: true
        ) { request in
            .now(try accept(request, BackupWork(service: service), service))
        },
        Route(.post, "/admin/v1/galleries/{gallery}/calibrate", access: .holder(of: .admin)) { request in
            .now(
                try accept(request, CalibrationWork(service: service), service) {
                    let snapshot = try service.store.snapshot(of: request.visibleGallery())
                    try GalleryLabels(snapshot).check()
                    return snapshot.name
                })
        },
    ]
}

/// The limits of the description of a job.
enum JobLimits {
    /// Bytes of a body that asks for a job.
    static let bodyBytes = 16 << 10
}

/// Accepts a job whose parameters are in the body.
///
/// `gallery` checks and names the gallery that the job works on. Without it the job is about all galleries, so it is only for
/// a token for every gallery.
private func accept(
    _ request: ServerRequest, _ work: any JobWork, _ service: ServiceContext, of gallery: (() throws -> String)? = nil
) throws -> ServerResponse {
    try QueryParameters(request.query).finish()
    if gallery == nil { try request.requireEveryGallery() }
    return try acceptJob(of: work.kind, request, service) {
        let body = request.body.isEmpty ? Array("{}".utf8) : try request.body.bytes(limit: JobLimits.bodyBytes)
        var members = try JSONMembers(parsing: body, part: "body")
        var wanted = WantedJob(parameters: try work.parameters(from: &members))
        try members.finish()
        wanted.gallery = try gallery?()
        return wanted
    }
}

/// What a request for a job asks for.
struct WantedJob {
    /// The gallery that the job works on; nil: all.
    var gallery: String?
    /// What its kind needs to know; it stays in the list of jobs and in the audit.
    var parameters: [String: JSONValue]
    /// Where it begins, as a JSON object; it is forgotten when the job is over.
    var cursor: String?

    /// What the audit says of it.
    var facts: [String: JSONValue] {
        var facts = parameters
        facts["gallery"] = gallery.map(JSONValue.text)
        return facts
    }

    /// The job to accept; `asker` is the name of the token with which it was asked for.
    func job(of kind: JobKind, createdBy asker: String) throws -> NewJob {
        NewJob(
            kind, gallery: gallery, parameters: String(decoding: try jsonBytes(parameters), as: UTF8.self),
            cursor: cursor, createdBy: asker)
    }
}

/// Accepts a job: after the answer 202 it is done, also after a restart.
func acceptJob(
    of kind: JobKind, _ request: ServerRequest, _ service: ServiceContext, _ read: () throws -> WantedJob
) throws -> ServerResponse {
    let job = try service.audit.change(.jobAccept, of: "", by: request, details: ["kind": .text(kind.rawValue)]) {
        let wanted = try read()
        return try service.store.createJob(
            wanted.job(of: kind, createdBy: request.principal?.name ?? "anonymous"),
            atMost: service.configuration.jobs.waiting, audit: try $0.adding(wanted.facts))
    }
    return try .json(
        try JobAnswer(job, now: .now()), status: .accepted, fields: [.location: "/admin/v1/jobs/" + job.id])
}

/// Asks a job, or a batch, to stop; 202 if it runs, and then it ends before its next unit.
private func cancel(_ request: ServerRequest, _ service: ServiceContext) throws -> ServerResponse {
    try QueryParameters(request.query).finish()
    let id = request.parameters["job"] ?? ""
    let action: AuditAction = id.hasPrefix("b_") ? .batchCancel : .jobCancel
    let job = try service.audit.change(action, of: id, by: request) {
        let job = try service.visibleJob(request)
        var facts: [String: JSONValue] = ["kind": .text(job.kind.rawValue)]
        facts["gallery"] = job.gallery.map(JSONValue.text)
        let event = try $0.adding(facts)
        guard job.kind == .enrollment else {
            return try service.store.requestJobCancel(
                job.id, keeping: service.configuration.jobs.kept, audit: event)
        }
        return JobRecord(try service.store.requestCancel(job.id, audit: event))
    }
    return try .json(try JobAnswer(job, now: .now()), status: job.state.isFinal ? .ok : .accepted)
}

extension ServiceContext {
    /// The job or batch that the path names; throws `unknownJob` if who asks may not know of it.
    fileprivate func visibleJob(_ request: ServerRequest) throws(GalleryError) -> JobRecord {
        let id = request.parameters["job"] ?? ""
        let job = try store.job(id: id)
        // A job without a gallery is about all of them.
        guard let shows = request.filter else { return job }
        guard let gallery = job.gallery, shows(gallery) else { throw .unknownJob(id) }
        return job
    }
}
