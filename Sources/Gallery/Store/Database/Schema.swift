import GRDB

/// The tables, as a list of migrations; a released migration is never edited.
///
/// Times are milliseconds since 1970 in UTC. Vectors are little-endian float32. Keys are never used twice.
enum Schema {
    /// The number that marks the file as one of this program: "reid" in ASCII.
    static let applicationID = 0x7265_6964

    /// The version of the schema, which is also the file's `user_version`.
    static let version = 14

    static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 galleries, batches, queries") { db in
            try db.execute(sql: galleries + batches + queries)
            try db.execute(sql: "PRAGMA application_id = \(applicationID); PRAGMA user_version = 1")
        }
        migrator.registerMigration("2 image names, warnings, no body paths") { db in
            try db.execute(sql: namesAndWarnings + "PRAGMA user_version = 2")
        }
        migrator.registerMigration("3 tokens") { db in
            try db.execute(sql: tokens + "PRAGMA user_version = 3")
        }
        migrator.registerMigration("4 audit") { db in
            try db.execute(sql: AuditSchema.sql + "PRAGMA user_version = 4")
        }
        migrator.registerMigration("5 ends of queries") { db in
            try db.execute(sql: endsOfQueries + "PRAGMA user_version = 5")
        }
        migrator.registerMigration("6 camera means") { db in
            try db.execute(sql: cameraMeans + "PRAGMA user_version = 6")
            try db.estimateAllCameraMeans()
            // Kept rankings were made without means, so that they must be made again.
            try db.execute(
                sql: """
                    UPDATE gallery SET revision = revision + 1
                    WHERE key IN (SELECT gallery FROM camera JOIN camera_mean ON camera_mean.camera = camera.key)
                    """)
        }
        migrator.registerMigration("7 index files") { db in
            try db.execute(sql: indexFiles + "PRAGMA user_version = 7")
        }
        migrator.registerMigration("8 erased images") { db in
            try db.execute(sql: erasedImages + "PRAGMA user_version = 8")
        }
        migrator.registerMigration("9 jobs") { db in
            try db.execute(sql: jobs + "PRAGMA user_version = 9")
        }
        migrator.registerMigration("10 calibrations") { db in
            try db.execute(sql: calibrations + "PRAGMA user_version = 10")
        }
        migrator.registerMigration("11 holds and retention") { db in
            try db.execute(sql: holdsAndRetention + "PRAGMA user_version = 11")
        }
        migrator.registerMigration("12 names of queries") { db in
            try db.execute(sql: "ALTER TABLE query ADD COLUMN name TEXT; PRAGMA user_version = 12")
        }
        migrator.registerMigration("13 changes of models") { db in
            try db.execute(sql: changesOfModels + "PRAGMA user_version = 13")
        }
        migrator.registerMigration("14 webhooks") { db in
            try db.execute(sql: webhooks + "PRAGMA user_version = 14")
        }
        return migrator
    }

    /// Where rankings are sent, and what came of the last attempt.
    ///
    /// `delivered` is the newest version that the receiver has taken, `attempts` counts the failures since, and `next_at` is
    /// when the next attempt may be made.
    private static let webhooks = """
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

        """

    /// `scopes` and `galleries` have one entry per line; NULL galleries stand for every gallery.
    ///
    /// `subject` is that of the client certificate that stands for the token.
    private static let tokens = """
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

        """

    /// Images get the names that they have in their batches; kept queries get the warnings of their newest ranking.
    ///
    /// Warnings are sentences, one per line; NULL if there are none.
    private static let namesAndWarnings = """
        ALTER TABLE image ADD COLUMN name TEXT;
        UPDATE image SET name = (
            SELECT name FROM batch_item WHERE batch_item.image = image.key AND state = 'enrolled' LIMIT 1
        );
        ALTER TABLE batch ADD COLUMN warnings TEXT;
        ALTER TABLE batch DROP COLUMN body_path;
        ALTER TABLE query ADD COLUMN warnings TEXT;
        UPDATE query SET warnings = (
            SELECT group_concat(value, char(10))
            FROM (SELECT query AS ranked, CAST(content AS TEXT) AS text FROM ranking),
                json_each(iif(json_valid(text), text, '{}'), '$.warnings')
            WHERE ranked = query.key
        );

        """

    /// Kept queries say who keeps them, and when they are deleted.
    private static let endsOfQueries = """
        ALTER TABLE query ADD COLUMN created_by TEXT;
        ALTER TABLE query ADD COLUMN expires_at INTEGER;
        CREATE INDEX query_created_by ON query (created_by);
        ALTER TABLE ranking DROP COLUMN updated_at;

        """

    /// Cameras count their images, and have a mean vector from a number of images on.
    ///
    /// `camera_mean.images` is the number of images of which the mean was made.
    private static let cameraMeans = """
        ALTER TABLE gallery ADD COLUMN camera_normalization INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE camera ADD COLUMN images INTEGER NOT NULL DEFAULT 0;
        UPDATE camera SET images = (SELECT count(*) FROM image WHERE image.camera = camera.key);
        CREATE TABLE camera_mean (
            camera INTEGER PRIMARY KEY REFERENCES camera ON DELETE CASCADE,
            images INTEGER NOT NULL,
            vector BLOB NOT NULL
        ) STRICT;

        """

    /// The index in memory does not keep external ids, and has files that tell by a number which database they are of.
    private static let indexFiles = """
        CREATE INDEX image_external_id ON image (gallery, external_id) WHERE external_id IS NOT NULL;
        CREATE TABLE run (stamp INTEGER NOT NULL) STRICT;

        """

    /// `erased` marks the images that are erased but still have to be wiped from the disk; everything that shows images reads
    /// `living_image`.
    ///
    /// A mark is a row of its own, because changing the image's row would write a whole page for each image.
    private static let erasedImages = """
        CREATE TABLE erased (image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE) STRICT;
        CREATE VIEW living_image AS SELECT * FROM image WHERE key NOT IN (SELECT image FROM erased);

        """

    /// Long work that an administrator asked for; `parameters`, `cursor` and `result` are JSON of the job's kind.
    private static let jobs = """
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

        """

    /// The curves from distances to probabilities of a gallery; `fits` is JSON, a list of `GalleryCalibration.Fit`.
    ///
    /// `model` and `images` are those of the gallery when it was calibrated.
    private static let calibrations = """
        CREATE TABLE calibration (
            gallery INTEGER PRIMARY KEY REFERENCES gallery ON DELETE CASCADE,
            model TEXT NOT NULL,
            images INTEGER NOT NULL,
            created_at INTEGER NOT NULL,
            fits TEXT NOT NULL CHECK (json_valid(fits))
        ) STRICT;

        """

    /// `hold` marks the images that nothing may erase: SQLite itself refuses to delete them.
    ///
    /// `retention_checked_at` is the time of the last check for images that are too old.
    private static let holdsAndRetention = """
        CREATE TABLE hold (image INTEGER PRIMARY KEY REFERENCES image) STRICT;
        ALTER TABLE gallery ADD COLUMN retention_seconds INTEGER;
        ALTER TABLE gallery ADD COLUMN retention_basis TEXT;
        ALTER TABLE gallery ADD COLUMN retention_checked_at INTEGER;

        """

    /// The new tables have what a job has made with another model; at its end that takes the place of the present vectors.
    ///
    /// `model_changes` counts how often a gallery got another model; the index of each model has files of its own.
    private static let changesOfModels = """
        ALTER TABLE gallery ADD COLUMN model_changes INTEGER NOT NULL DEFAULT 0;
        CREATE TABLE new_embedding (
            image INTEGER PRIMARY KEY REFERENCES image ON DELETE CASCADE,
            vector BLOB NOT NULL
        ) STRICT;
        CREATE TABLE new_query_vector (
            query INTEGER PRIMARY KEY REFERENCES query ON DELETE CASCADE,
            warnings TEXT,
            vector BLOB NOT NULL
        ) STRICT;

        """

    private static let galleries = """
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

        """

    private static let batches = """
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

        """

    private static let queries = """
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

        """
}
