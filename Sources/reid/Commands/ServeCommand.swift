internal import ArgumentParser
internal import CSPRModel
internal import Dispatch
internal import Foundation
internal import Logging
internal import ReIDService
internal import Tensors

/// `reid serve`: runs the service until SIGTERM or SIGINT.
struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service: the query listener with the dashboard, and the admin listener.",
        discussion: """
            Prints one line of JSON on standard output once it is ready. Without --model it serves DATA/model.safetensors,
            and writes the default weights there when there are none. SIGTERM and SIGINT stop it: requests in flight are
            finished, at most 10 seconds; an unfinished batch continues at the next start. SIGHUP reads the
            certificate and its key again, if there is one. The log says which galleries have vectors of another model than
            the served one: `reid galleries reembed` gives them new ones.

            CONFIGURATION:
              Each value comes from the first of these that gives it: an option, an environment variable, the JSON file
              of --configuration, the default. The variable of the field server.head_bytes is REID_SERVER_HEAD_BYTES.
              Unknown names, values of the wrong type and values out of range are refused. --print-configuration
              shows all fields with their values.

            EXAMPLE:
              reid serve --data ./data
              reid serve --data ./data --query-address 127.0.0.1:0 --admin-address 127.0.0.1:0 --public Public
              reid serve --query-address 0.0.0.0:8080 --set server.names=reid.example.org
              reid serve --tls-certificate reid.pem --tls-key reid.key
              reid serve --set log.access=true --set limits.image_bytes=5000000
            """)

    @Option(help: "The data folder; created if it is missing. [default: data]")
    var data: String?

    @Option(help: "host:port of the query listener; port 0 chooses a free one. [default: 127.0.0.1:8080]")
    var queryAddress: String?

    @Option(help: "host:port of the admin listener; port 0 chooses a free one. [default: 127.0.0.1:8081]")
    var adminAddress: String?

    @Option(help: "A weight file.")
    var model: String?

    @Option(help: "The weight file of galleries that are not re-embedded yet, so that they are searched meanwhile.")
    var previousModel: String?

    @Option(name: .customLong("public"), help: "The dashboard's folder. [default: ./Public if it exists]")
    var publicFolder: String?

    @Flag(help: "Ask for a token on the query listener too; on any address but loopback it does so anyway.")
    var requireTokens = false

    @Option(help: "The certificate of both listeners with its chain, a PEM file; they speak TLS then.")
    var tlsCertificate: String?

    @Option(help: "The certificate's private key, a PEM file that only its owner can read.")
    var tlsKey: String?

    @Option(help: "The authorities of client certificates on the admin listener, a PEM file.")
    var adminClientCa: String?

    @Option(name: .customLong("configuration"), help: "A JSON file with configuration fields.")
    var configurationFile: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("Any configuration field; may be repeated.", valueName: "field=value"))
    var fields: [String] = []

    @Flag(help: "Print the configuration as it takes effect, in the form of a --configuration file, and exit.")
    var printConfiguration = false

    @Flag(
        help:
            "Create the gallery `demo` of rendered people if it is missing, and DATA/demo with query images."
    )
    var demo = false

    mutating func run() throws {
        let settings = try settings()
        if printConfiguration { return try printJSON(settings) }
        var logger = Logger(label: "reid") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = settings.logLevel
        let signals = StopSignals()
        let service: Service
        do {
            if settings.modelPath == nil { try writeDefaultWeights(settings.folder) }
            service = try Service(configuration: settings, logger: logger)
            try service.start()
        } catch let failure as CommandFailure {
            throw failure
        } catch {
            throw CommandFailure("\(error)")
        }
        let scheme = service.isSecure ? "https" : "http"
        let ready = Ready(
            query: "\(scheme)://\(service.queryAddress)", admin: "\(scheme)://\(service.adminAddress)",
            tokenFile: settings.folder.adminToken)
        // Without TLS there is nothing to read again, and a closed terminal ends the program as usual.
        let reloads = RepeatedSignal(SIGHUP, service.reloadCertificates)
        if demo { makeDemoGallery(ready, settings, isStopped: { signals.hasArrived }) }
        do { try Terminal.printJSON(ready) } catch {
            logger.warning("the addresses are not printed, and the service goes on", metadata: ["reason": "\(error)"])
        }
        Terminal.complain("dashboard: \(ready.query)/   admin token: \(ready.tokenFile)")
        if !service.context.model.isTrained {
            Terminal.complain("the model is untrained: its rankings are meaningless")
        }
        signals.wait()
        withExtendedLifetime(reloads) {}
        Terminal.complain("stopping")
        service.stop(grace: .seconds(10))
    }

    /// The service works without the demo gallery, so a failure is only reported.
    private func makeDemoGallery(_ ready: Ready, _ settings: Service.Configuration, isStopped: () -> Bool) {
        let demo = DemoGallery(
            admin: ready.admin, tokenFile: ready.tokenFile, authorities: settings.tls.certificate,
            queries: settings.folder.path + "/demo")
        let token = settings.queriesNeedToken ? " --token-file \(ready.tokenFile)" : ""
        do {
            try demo.create(isStopped: isStopped)
            let program = CommandLine.arguments.first ?? "reid"
            Terminal.complain("try: \(program) search \(demo.firstQuery) --gallery demo --query \(ready.query)" + token)
        } catch let failure as CommandFailure {
            Terminal.complain("the demo gallery could not be created: \(failure.message)")
        } catch {
            Terminal.complain("the demo gallery could not be created: \(error)")
        }
    }

    private struct Ready: Encodable {
        let query: String
        let admin: String
        let tokenFile: String

        enum CodingKeys: String, CodingKey {
            case query, admin
            case tokenFile = "token_file"
        }
    }

    /// The configuration from all its sources, checked.
    private func settings() throws -> Service.Configuration {
        let given = [
            ("data_folder", data), ("query_address", queryAddress), ("admin_address", adminAddress),
            ("model_path", model), ("previous_model_path", previousModel), ("public_folder", publicFolder),
            ("tls.certificate", tlsCertificate),
            ("tls.key", tlsKey), ("tls.admin_client_ca", adminClientCa),
        ]
        var options = given.compactMap { field, value in value.map { (field: field, value: $0) } }
        if requireTokens { options.append((field: "tokens.required", value: "true")) }
        for text in fields {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw ValidationError("--set takes FIELD=VALUE, not '\(text)'") }
            options.append((field: String(parts[0]), value: String(parts[1])))
        }
        do {
            var settings = try Service.Configuration(
                file: try configurationFile.map(contents), environment: ProcessInfo.processInfo.environment,
                options: options)
            try settings.validate()
            if settings.publicFolder == nil, FileManager.default.fileExists(atPath: "Public/index.html") {
                settings.publicFolder = "Public"
            }
            return settings
        } catch let error as ConfigurationError {
            throw CommandFailure("\(error)")
        }
    }

    private func contents(_ path: String) throws -> [UInt8] {
        do {
            return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch {
            throw CommandFailure("\(path): \(describe(error))")
        }
    }

    private func printJSON(_ settings: Service.Configuration) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(settings), as: UTF8.self))
    }

    private func writeDefaultWeights(_ folder: DataFolder) throws {
        let files = FileManager.default
        do {
            if !files.fileExists(atPath: folder.model) {
                Terminal.complain("writing the default weights to \(folder.model)")
                try files.createDirectory(
                    atPath: folder.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
                try DefaultWeights.write(to: folder.model)
            }
            // Weights of an earlier release have another identity, and then the service leaves the profile aside.
            let profile = ModelProfile.path(beside: folder.model)
            if !files.fileExists(atPath: profile) { try DefaultWeights.writeProfile(to: profile) }
        } catch {
            throw CommandFailure("\(folder.model): \(describe(error))")
        }
    }
}
