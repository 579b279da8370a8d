/**
 * The types of the service's answers; its /openapi.json describes every field.
 *
 * @typedef {object} SearchOptions
 * @property {number} [limit]          the most results; absent: the default of the service
 * @property {boolean} rerank          whether k-reciprocal re-ranking orders the results
 * @property {number} [candidates]     nearest images that are re-ranked
 * @property {number} [k1]             neighbors considered by re-ranking
 * @property {number} [k2]             neighbors averaged by re-ranking
 * @property {number} [lambda]         weight of the plain distance, 0...1
 * @property {string} query_camera     that took the query's image; empty: not known
 * @property {boolean} [camera_normalization] whether differences between cameras are evened out; absent: as the gallery is set
 * @property {string[]} camera         only these cameras; empty: all
 * @property {string[]} exclude_camera never these cameras
 * @property {string} captured_from    RFC 3339 UTC, or empty
 * @property {string} captured_to      RFC 3339 UTC, or empty
 * @property {boolean} standing        whether it is ranked again when the gallery changes
 *
 * @typedef {object} RankingResult
 * @property {number} rank             1 is the best
 * @property {string} image_id
 * @property {string | null} [person_id]
 * @property {string | null} [camera_id]
 * @property {string | null} [captured_at] RFC 3339 UTC
 * @property {string | null} [external_id]
 * @property {number} distance         squared Euclidean distance of unit vectors, 0...4
 * @property {number} similarity       cosine, -1...1
 * @property {number | null} [reranked_distance] 0...1; null past the candidates
 * @property {number | null} [probability] that it is the same person, if the gallery is calibrated
 * @property {string | null} [image_url]  null for an image that was enrolled as a vector only
 *
 * @typedef {object} Ranking
 * @property {string | null} [query_id]
 * @property {number} revision
 * @property {string} gallery
 * @property {string} model            "sha256:…"
 * @property {number} gallery_size
 * @property {Partial<SearchOptions>} options
 * @property {CameraNormalization} [camera_normalization] absent in a ranking of an earlier release
 * @property {RankingResult[]} results
 * @property {string[]} [warnings]     reasons to doubt the results; absent if there are none
 * @property {Record<string, number>} [timing_ms]
 *
 * @typedef {object} CameraNormalization
 * @property {boolean} applied
 * @property {"camera" | "common" | null} query_mean whether the query's camera was known
 * @property {number} cameras          that could be evened out
 *
 * @typedef {object} Batch
 * @property {string} id
 * @property {string} state
 * @property {number | null} received  items in the batch; null while unknown
 * @property {number} enrolled
 * @property {number} duplicate
 * @property {number} failed
 * @property {number | null} [items_per_second]
 *
 * @typedef {object} Gallery
 * @property {string} name
 * @property {string} model            "sha256:…"
 * @property {number} images
 * @property {number} people
 * @property {string[]} cameras
 * @property {string[]} cameras_with_mean  whose differences can be evened out
 * @property {boolean} camera_normalization whether searches even them out unless they say otherwise
 * @property {string | null} [captured_from]
 * @property {string | null} [captured_to]
 * @property {number} revision
 * @property {boolean} [searchable]    false: bound to a model that is not loaded
 * @property {boolean} [needs_reembedding] bound to another model than the one served
 * @property {Batch[]} [running_batches]
 *
 * @typedef {object} KeptQuery
 * @property {string} query_id
 * @property {string} gallery
 * @property {string | null} [name]
 * @property {string} created_at
 * @property {boolean} standing
 * @property {string} [state]
 * @property {string | null} [error]   why it could not be ranked again
 * @property {number} [revision]
 * @property {Partial<SearchOptions>} options
 * @property {number} [images]         that the query has; each at `image_url?index=…`
 * @property {string | null} [image_url]
 *
 * @typedef {object} Model
 * @property {string} name
 * @property {string} sha256           64 hexadecimal digits
 * @property {boolean} trained         false: random weights
 * @property {number} [branches]       attention branches
 * @property {number} dimensions
 * @property {number} parameters
 * @property {string} precision
 * @property {boolean} [mirrored]       vectors are means over image and mirror image
 * @property {{ images: number, limit: number, share: number }} [profile] by what images unlike those of people are told
 * @property {Partial<SearchOptions>} [defaults]  the options of a search that names none
 * @property {SearchLimits} [limits]
 * @property {Record<string, unknown>} config
 *
 * @typedef {object} SearchLimits
 * @property {number} image_bytes      of one encoded image
 * @property {number} results          of one ranking
 * @property {number} candidates       re-ranked by one search
 * @property {number} neighbors        the largest k1 and k2
 *
 * @typedef {object} Session
 * @property {string} name             of the token
 * @property {string | null} expires_at RFC 3339 UTC
 * @property {boolean} signed_in       false: the service asks for no token
 *
 * @typedef {object} View
 * @property {string} title
 * @property {HTMLElement} root
 * @property {(argument: string | null) => void} show  shows the view; the argument follows its name in the address
 * @property {() => void} hide
 */
export {};
