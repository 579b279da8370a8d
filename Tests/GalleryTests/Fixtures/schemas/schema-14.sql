-- Schema 14, as the program of the commit that added this file makes it.
CREATE TABLE gallery (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL,
    dimensions INTEGER NOT NULL CHECK (dimensions > 0),
    revision INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
    , camera_normalization INTEGER NOT NULL DEFAULT 1, retention_seconds INTEGER, retention_basis TEXT, retention_checked_at INTEGER, model_changes INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE person (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    gallery INTEGER NOT NULL REFERENCES gallery ON DELETE CASCADE,
    label TEXT NOT NULL,
    UNIQUE (gallery, label)
    ) STRICT;
CREATE TABLE camera (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    gallery INTEGER NOT NULL REFERENCES gallery ON DELETE CASCADE,
    label TEXT NOT NULL, images INTEGER NOT NULL DEFAULT 0,
    UNIQUE (gallery, label)
    ) STRICT;
CREATE TABLE image (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    gallery INTEGER NOT NULL REFERENCES gallery ON DELETE CASCADE,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32),
    person INTEGER REFERENCES person,
    camera INTEGER REFERENCES camera,
    captured_at INTEGER,
    external_id TEXT,
    media_type TEXT,
    width INTEGER,
    height INTEGER,
    enrolled_at INTEGER NOT NULL, name TEXT,
    UNIQUE (gallery, sha256)
    ) STRICT;
CREATE INDEX image_person ON image (person);
CREATE INDEX image_camera ON image (camera);
CREATE TABLE image_content (
    image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    bytes BLOB NOT NULL
    ) STRICT;
CREATE TABLE embedding (
    image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    model TEXT NOT NULL,
    vector BLOB NOT NULL
    ) STRICT;
CREATE TABLE batch (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    gallery INTEGER REFERENCES gallery ON DELETE SET NULL,
    gallery_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body_bytes INTEGER NOT NULL,
    state TEXT NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    expected INTEGER,
    enrolled INTEGER NOT NULL DEFAULT 0,
    duplicate INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    failure TEXT
    , warnings TEXT) STRICT;
CREATE INDEX batch_gallery ON batch (gallery);
CREATE INDEX batch_unfinished ON batch (state) WHERE state IN ('queued', 'running');
CREATE TABLE batch_item (
    batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT,
    state TEXT NOT NULL,
    image INTEGER REFERENCES image ON DELETE SET NULL,
    failure TEXT,
    detail TEXT,
    PRIMARY KEY (batch, position)
    ) STRICT, WITHOUT ROWID;
CREATE INDEX batch_item_image ON batch_item (image);
CREATE TABLE idempotency_key (
    key TEXT PRIMARY KEY,
    batch INTEGER NOT NULL REFERENCES batch ON DELETE CASCADE,
    body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),
    created_at INTEGER NOT NULL
    ) STRICT;
CREATE INDEX idempotency_key_batch ON idempotency_key (batch);
CREATE INDEX idempotency_key_age ON idempotency_key (created_at);
CREATE TABLE query (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    gallery INTEGER NOT NULL REFERENCES gallery ON DELETE CASCADE,
    options BLOB NOT NULL,
    standing INTEGER NOT NULL,
    model TEXT NOT NULL,
    vector BLOB NOT NULL,
    ranking_revision INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
    , warnings TEXT, created_by TEXT, expires_at INTEGER, name TEXT) STRICT;
CREATE INDEX query_gallery ON query (gallery);
CREATE TABLE query_image (
    query INTEGER NOT NULL REFERENCES query ON DELETE CASCADE,
    position INTEGER NOT NULL,
    media_type TEXT NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (query, position)
    ) STRICT;
CREATE TABLE ranking (
    query INTEGER PRIMARY KEY REFERENCES query ON DELETE CASCADE,
    gallery_revision INTEGER NOT NULL,
    content BLOB NOT NULL) STRICT;
CREATE TABLE token (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    scopes TEXT NOT NULL,
    galleries TEXT,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    subject TEXT UNIQUE,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER
    ) STRICT;
CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    details TEXT NOT NULL CHECK (json_valid(details)),
    previous BLOB NOT NULL CHECK (length(previous) = 32),
    digest BLOB NOT NULL CHECK (length(digest) = 32)
    ) STRICT;
CREATE INDEX audit_at ON audit (at);
CREATE INDEX audit_actor ON audit (actor);
CREATE INDEX audit_action ON audit (action);
CREATE INDEX audit_target ON audit (target);
CREATE INDEX audit_gallery ON audit (json_extract(details, '$.gallery'));
CREATE TRIGGER audit_keeps_rows BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_keeps_values BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
    WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE INDEX query_created_by ON query (created_by);
CREATE TABLE camera_mean (
    camera INTEGER PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
    images INTEGER NOT NULL,
    vector BLOB NOT NULL
    ) STRICT;
CREATE INDEX image_external_id ON image (gallery, external_id) WHERE external_id IS NOT NULL;
CREATE TABLE run (stamp INTEGER NOT NULL) STRICT;
CREATE TABLE erased (image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE) STRICT;
CREATE VIEW living_image AS SELECT * FROM image WHERE key NOT IN (SELECT image FROM erased);
CREATE TABLE job (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    gallery TEXT,
    parameters TEXT NOT NULL CHECK (json_valid(parameters)),
    state TEXT NOT NULL,
    cancel_requested INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    total INTEGER,
    cursor TEXT CHECK (cursor IS NULL OR json_valid(cursor)),
    result TEXT CHECK (result IS NULL OR json_valid(result)),
    failure TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER
    ) STRICT;
CREATE INDEX job_unfinished ON job (state) WHERE state IN ('queued', 'running');
CREATE TABLE calibration (
    gallery INTEGER PRIMARY KEY REFERENCES gallery ON DELETE CASCADE,
    model TEXT NOT NULL,
    images INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    fits TEXT NOT NULL CHECK (json_valid(fits))
    ) STRICT;
CREATE TABLE hold (image INTEGER PRIMARY KEY REFERENCES image) STRICT;
CREATE TABLE new_embedding (
    image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
    vector BLOB NOT NULL
    ) STRICT;
CREATE TABLE new_query_vector (
    query INTEGER PRIMARY KEY REFERENCES query ON DELETE CASCADE,
    warnings TEXT,
    vector BLOB NOT NULL
    ) STRICT;
CREATE TABLE webhook (
    query INTEGER PRIMARY KEY REFERENCES query ON DELETE CASCADE,
    url TEXT NOT NULL,
    secret TEXT NOT NULL,
    delivered INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    attempted_at INTEGER,
    status INTEGER,
    failure TEXT,
    next_at INTEGER NOT NULL DEFAULT 0
    ) STRICT;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES ('1 galleries, batches, queries'), ('2 image names, warnings, no body paths'), ('3 tokens'), ('4 audit'), ('5 ends of queries'), ('6 camera means'), ('7 index files'), ('8 erased images'), ('9 jobs'), ('10 calibrations'), ('11 holds and retention'), ('12 names of queries'), ('13 changes of models'), ('14 webhooks');
PRAGMA application_id = 1919248740; PRAGMA user_version = 14;
-- Then rows.sql, and then:
INSERT INTO batch (key, id, gallery, gallery_name, kind, content_type, body_bytes, state, expected, enrolled, created_at) VALUES (1, 'b_00000000000000000000', 1, 'lobby', 'tar', 'application/x-tar', 9, 'completed', 1, 1, 1795000000000);
INSERT INTO batch_item (batch, position, name, state, image) VALUES (1, 0, '0.png', 'enrolled', 1);
UPDATE image SET name = '0.png' WHERE key = 1;
INSERT INTO ranking (query, gallery_revision, content) VALUES (1, 3, CAST('{"results": []}' AS BLOB));
INSERT INTO token (id, name, scopes, digest, created_at) VALUES ('t_00000000000000000000', 'dock', 'query', zeroblob(32), 1795000000000);
INSERT INTO audit VALUES (1, 1795000000001, 'ops', '127.0.0.1', 'gallery.create', 'lobby', 'ok', '{"gallery":"lobby"}', x'0000000000000000000000000000000000000000000000000000000000000000', x'a4c5ca3789dd342e5d0d1ba801a000398cb476cead7cc4e6d1b88c69dcfada15');
INSERT INTO audit VALUES (2, 1795000000002, 'ops', '127.0.0.1', 'batch.accept', 'lobby', 'ok', '{"gallery":"lobby"}', x'a4c5ca3789dd342e5d0d1ba801a000398cb476cead7cc4e6d1b88c69dcfada15', x'88ec0fc072609d74ad8691babb4cd8b9aa893eb1935e6e54703efa04d945cc61');
UPDATE camera SET images = (SELECT count(*) FROM image WHERE image.camera = camera.key);
INSERT INTO camera_mean VALUES (1, 34, x'94e9853a4ad0bebc5c065a3bff670a3c28d199bc8d0834bcf38a9dbc3489b13c');
INSERT INTO run VALUES (42);
INSERT INTO image (key, id, gallery, sha256, enrolled_at) VALUES (41, 'i_erased00000000000000', 1, zeroblob(32), 0); INSERT INTO erased VALUES (41);
INSERT INTO job (id, kind, gallery, parameters, state, created_by, created_at, finished_at) VALUES ('j_00000000000000000000', 'compaction', NULL, '{}', 'completed', 'ops', 1795000000000, 1795000000001);
INSERT INTO hold VALUES (2); UPDATE gallery SET retention_seconds = 3155760000, retention_basis = 'enrolled_at', retention_checked_at = 1795000000000;
UPDATE query SET name = 'red coat';
UPDATE gallery SET model_changes = 2; INSERT INTO new_embedding VALUES (3, zeroblob(20)); INSERT INTO new_query_vector VALUES (1, NULL, zeroblob(20));
INSERT INTO webhook (query, url, secret, delivered, attempts) VALUES (1, 'https://desk.example.org/', 'reid_hook_0', 1, 3);
