import GRDB

/// The tables, and the steps that lead to them.
///
/// A released step is never edited; a change is a new step, and `current` rises with it. Instants are microseconds since 1970 (INTEGER), durations
/// microseconds, sealed values BLOBs.
enum Schema {
    /// What this program reads and writes: `user_version` of the file.
    static let current = 8

    /// `application_id` of our files ("runr").
    static let applicationID = 0x7275_6E72

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(sql: tables)
        }
        migrator.registerMigration("2") { database in
            try database.execute(sql: spans)
        }
        migrator.registerMigration("3") { database in
            try database.execute(sql: accounts)
        }
        migrator.registerMigration("4") { database in
            try database.execute(sql: turns)
        }
        migrator.registerMigration("5") { database in
            try database.execute(sql: memory)
        }
        migrator.registerMigration("6") { database in
            try database.execute(sql: speed)
        }
        migrator.registerMigration("7") { database in
            try database.execute(sql: marks)
        }
        migrator.registerMigration("8") { database in
            try database.execute(sql: places)
        }
        return migrator
    }

    private static let tables = """
        CREATE TABLE meta (
            name TEXT PRIMARY KEY,
            value TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE node (
            id TEXT PRIMARY KEY,
            host TEXT NOT NULL,
            boot TEXT NOT NULL,
            pid INTEGER NOT NULL,
            process_start INTEGER NOT NULL,
            lease_until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE recipe (
            key INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            state BLOB
        ) STRICT;

        -- A row exists for each trigger that ever fired or was seen; first_seen is null until a scheduler has seen it (`once`, `manual`: never).
        -- last_fire outlives the runs that are pruned; no fire up to pruned_until can be claimed.
        CREATE TABLE trigger (
            key INTEGER PRIMARY KEY,
            recipe INTEGER NOT NULL,
            name TEXT NOT NULL,
            first_seen INTEGER,
            watermark INTEGER,
            last_fire INTEGER,
            removed_at INTEGER,
            pruned_until INTEGER,
            UNIQUE (recipe, name)
        ) STRICT;

        CREATE TABLE run (
            key INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            recipe INTEGER NOT NULL,
            trigger INTEGER NOT NULL,
            scheduled_at INTEGER NOT NULL,
            started_at INTEGER,
            finished_at INTEGER,
            status TEXT NOT NULL,
            reason TEXT,
            lateness INTEGER,
            attempt INTEGER NOT NULL,
            node TEXT,
            fence INTEGER NOT NULL,
            version TEXT,
            missed_until INTEGER,
            missed_count INTEGER,
            error TEXT,
            inputs BLOB,
            output BLOB
        ) STRICT;

        -- One record per fire. The time comes first, so that a thousand recipes due in the same second touch a few pages, not a thousand.
        CREATE UNIQUE INDEX run_fire ON run (scheduled_at, trigger);
        CREATE INDEX run_recipe ON run (recipe, scheduled_at);
        -- Interrupted runs are in it too, for the question what can be resumed.
        CREATE INDEX run_live ON run (recipe) WHERE status IN ('queued', 'running', 'interrupted');

        -- In the order of writing, not by run: a thousand runs that each complete an action then fill a few pages, not a thousand.
        CREATE TABLE action (
            key INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES run (key) ON DELETE CASCADE,
            path TEXT NOT NULL,
            item TEXT NOT NULL,
            status TEXT NOT NULL,
            attempts INTEGER NOT NULL,
            started_at INTEGER NOT NULL,
            finished_at INTEGER,
            request TEXT,
            error TEXT,
            result BLOB,
            UNIQUE (run, path, item)
        ) STRICT;

        CREATE TABLE version (
            hash TEXT PRIMARY KEY,
            source TEXT NOT NULL,
            saved_at INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE token (
            identity TEXT PRIMARY KEY,
            connection TEXT NOT NULL,
            generation INTEGER NOT NULL,
            bag BLOB,
            acquired_at INTEGER NOT NULL,
            expires_at INTEGER,
            refresh_expires_at INTEGER,
            state TEXT NOT NULL,
            cooling_until INTEGER,
            failures INTEGER,
            message TEXT,
            secret_digest TEXT NOT NULL
        ) STRICT;

        CREATE TABLE renewal_lease (
            identity TEXT PRIMARY KEY,
            holder TEXT NOT NULL,
            until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE renewal (
            key INTEGER PRIMARY KEY,
            connection TEXT NOT NULL,
            identity TEXT NOT NULL,
            at INTEGER NOT NULL,
            reason TEXT NOT NULL,
            kind TEXT NOT NULL,
            duration INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            generation INTEGER,
            message TEXT,
            node TEXT NOT NULL
        ) STRICT;
        CREATE INDEX renewal_at ON renewal (at);
        CREATE INDEX renewal_connection ON renewal (connection, at);

        PRAGMA user_version = 1;
        """

    private static let spans = """
        -- When each trigger was there, so that an audit knows which fires it owed; `until` is null while it is there.
        CREATE TABLE trigger_span (
            trigger INTEGER NOT NULL,
            since INTEGER NOT NULL,
            until INTEGER,
            PRIMARY KEY (trigger, since)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO trigger_span SELECT key, watermark, removed_at FROM trigger WHERE first_seen IS NOT NULL;

        PRAGMA user_version = 2;
        """

    private static let accounts = """
        -- How the account behind a token is called; outlives the token's generations.
        CREATE TABLE account (
            identity TEXT PRIMARY KEY,
            name TEXT NOT NULL
        ) STRICT, WITHOUT ROWID;

        PRAGMA user_version = 3;
        """

    private static let turns = """
        -- Why another process wants the run cancelled; its node looks when it is told to.
        ALTER TABLE run ADD COLUMN cancel TEXT;
        ALTER TABLE run ADD COLUMN cause TEXT NOT NULL DEFAULT 'schedule';
        ALTER TABLE node ADD COLUMN role TEXT NOT NULL DEFAULT 'scheduler';

        -- A pause without an end lasts.
        CREATE TABLE pause (
            key INTEGER PRIMARY KEY,
            recipe INTEGER NOT NULL,
            since INTEGER NOT NULL,
            until INTEGER,
            note TEXT
        ) STRICT;
        CREATE UNIQUE INDEX pause_open ON pause (recipe) WHERE until IS NULL;
        CREATE INDEX pause_recipe ON pause (recipe, since);
        -- What people were told of, and is not over.
        CREATE TABLE alarm (
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            since INTEGER NOT NULL,
            message TEXT NOT NULL,
            count INTEGER,
            PRIMARY KEY (kind, subject)
        ) STRICT, WITHOUT ROWID;
        -- Whether a fire time lies in a range that one record stands for.
        CREATE INDEX run_range ON run (trigger, missed_until) WHERE missed_until IS NOT NULL;

        PRAGMA user_version = 4;
        """

    private static let memory = """
        -- The run whose inputs and version this one repeats.
        ALTER TABLE run ADD COLUMN origin TEXT;
        -- When a parked run goes on: live, and in nobody's memory; `node` is who held it last.
        ALTER TABLE run ADD COLUMN resume_at INTEGER;
        -- How much of its timeout it had used when it was parked.
        ALTER TABLE run ADD COLUMN spent INTEGER;
        CREATE INDEX run_parked ON run (resume_at) WHERE resume_at IS NOT NULL;

        -- The last states of each recipe. What is in force is also in `recipe.state`, where runs read it; `parent` is what was in force before.
        CREATE TABLE state_version (
            key INTEGER PRIMARY KEY,
            recipe INTEGER NOT NULL,
            parent INTEGER,
            run TEXT,
            at INTEGER,
            state BLOB
        ) STRICT;
        CREATE INDEX state_version_recipe ON state_version (recipe, key);
        ALTER TABLE recipe ADD COLUMN state_version INTEGER;
        -- A state from before the history was kept: nobody knows what was before it, so its parent is none that there is.
        INSERT INTO state_version (key, recipe, parent, state) SELECT key, key, 0, state FROM recipe WHERE state IS NOT NULL;
        UPDATE recipe SET state_version = key WHERE state IS NOT NULL;

        -- Items of `foreach` that need not be done again for a while, as keyed digests. While `until` is null, `run` is at work on it.
        CREATE TABLE done_item (
            recipe INTEGER NOT NULL,
            digest BLOB NOT NULL,
            until INTEGER,
            run INTEGER NOT NULL,
            PRIMARY KEY (recipe, digest)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX done_item_until ON done_item (until);
        -- What this store alone knows, sealed: the key of the digests, which outlives the sealing key.
        CREATE TABLE secret (
            name TEXT PRIMARY KEY,
            value BLOB NOT NULL
        ) STRICT;

        PRAGMA user_version = 5;
        """

    private static let speed = """
        -- Each run is judged by this condition when it is written, three times in its life: for a list of three SQLite makes a table of its own each time.
        DROP INDEX run_live;
        CREATE INDEX run_live ON run (recipe) WHERE (status = 'queued' OR status = 'running' OR status = 'interrupted');

        PRAGMA user_version = 6;
        """

    private static let marks = """
        -- No table has changed: sealed values may say which secrets are in them, which earlier programs cannot read.
        PRAGMA user_version = 7;
        """

    private static let places = """
        -- No table has changed: an output may say which action's result it is, which earlier programs cannot read.
        PRAGMA user_version = 8;
        """
}
