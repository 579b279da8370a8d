-- Schema 1, as the program of commit 69b67aff8390 makes it.
CREATE TABLE gallery (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    model TEXT NOT NULL,
    dimensions INTEGER NOT NULL CHECK (dimensions > 0),
    revision INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
    ) STRICT;
CREATE TABLE person (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    gallery INTEGER NOT NULL REFERENCES gallery ON DELETE CASCADE,
    label TEXT NOT NULL,
    UNIQUE (gallery, label)
    ) STRICT;
CREATE TABLE camera (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    gallery INTEGER NOT NULL REFERENCES gallery ON DELETE CASCADE,
    label TEXT NOT NULL,
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
    enrolled_at INTEGER NOT NULL,
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
    body_path TEXT NOT NULL,
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
    ) STRICT;
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
    ) STRICT;
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
    content BLOB NOT NULL,
    updated_at INTEGER NOT NULL
    ) STRICT;
CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
INSERT INTO grdb_migrations VALUES ('1 galleries, batches, queries');
PRAGMA application_id = 1919248740; PRAGMA user_version = 1;
-- Then rows.sql, and then:
INSERT INTO batch (key, id, gallery, gallery_name, kind, content_type, body_bytes, state, expected, enrolled, created_at, body_path) VALUES (1, 'b_00000000000000000000', 1, 'lobby', 'tar', 'application/x-tar', 9, 'completed', 1, 1, 1795000000000, '/data/b');
INSERT INTO batch_item (batch, position, name, state, image) VALUES (1, 0, '0.png', 'enrolled', 1);
INSERT INTO ranking (query, gallery_revision, content, updated_at) VALUES (1, 3, CAST('{"results": []}' AS BLOB), 0);
