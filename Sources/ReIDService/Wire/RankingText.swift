internal import Gallery
internal import HTTP
internal import HTTPTypes

// What every search writes. A generic encoder takes a seventh of the time that a search has beside the network.

extension RankingAnswer {
    /// The answer with this ranking.
    func response(fields: HTTPFields = [:]) -> ServerResponse { .json(text: json, fields: fields) }
}

extension RankingAnswer: JSONWritable {
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("camera_normalization", cameraNormalization)
            $0.member("gallery", gallery)
            $0.member("gallery_size", gallerySize)
            $0.member("model", model)
            $0.member("options", options)
            $0.member("query_id", queryID)
            $0.member("results", results)
            $0.member("revision", revision)
            $0.member("timing_ms", timing)
            $0.member("warnings", warnings)
        }
    }
}

extension NormalizationAnswer: JSONWritable {
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("applied", applied)
            $0.member("cameras", cameras)
            $0.member("query_mean", orNull: queryMean?.rawValue)
        }
    }
}

extension SearchOptions: JSONWritable {
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("camera", cameras)
            $0.member("camera_normalization", cameraNormalization)
            $0.member("candidates", candidates)
            $0.member("captured_from", capturedFrom)
            $0.member("captured_to", capturedTo)
            $0.member("exclude_camera", excludedCameras)
            $0.member("external_id", externalID)
            $0.member("group_by", grouping?.rawValue)
            $0.member("include_vectors", includeVectors)
            $0.member("k1", k1)
            $0.member("k2", k2)
            $0.member("lambda", lambda)
            $0.member("limit", limit)
            $0.member("min_probability", minimumProbability)
            $0.member("min_similarity", minimumSimilarity)
            $0.member("person", person)
            $0.member("query_camera", queryCamera)
            $0.member("rerank", rerank)
        }
    }
}

extension RankingResult: JSONWritable {
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("camera_id", orNull: cameraID)
            $0.member("captured_at", orNull: capturedAt)
            $0.member("distance", distance)
            $0.member("external_id", orNull: externalID)
            $0.member("image_count", imageCount)
            $0.member("image_id", imageID)
            $0.member("image_url", orNull: imageURL)
            $0.member("images", images)
            $0.member("name", orNull: name)
            $0.member("person_id", orNull: personID)
            $0.member("probability", orNull: probability)
            $0.member("rank", rank)
            $0.member("reranked_distance", orNull: rerankedDistance)
            $0.member("similarity", similarity)
            $0.member("vector", vector)
        }
    }
}

extension PersonImage: JSONWritable {
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("camera_id", orNull: cameraID)
            $0.member("captured_at", orNull: capturedAt)
            $0.member("distance", distance)
            $0.member("image_id", imageID)
            $0.member("image_url", orNull: imageURL)
            $0.member("name", orNull: name)
            $0.member("probability", orNull: probability)
            $0.member("reranked_distance", orNull: rerankedDistance)
        }
    }
}

extension RankingTiming: JSONWritable {
    func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("decode", decode)
            $0.member("embed", embed)
            $0.member("rerank", rerank)
            $0.member("search", search)
            $0.member("total", total)
            $0.member("wait", wait)
        }
    }
}
