-- Grants that are kept beside the map's text. A row is known by its group and what it gives.
CREATE TABLE grant_row (
    group_kind TEXT NOT NULL CHECK (group_kind IN ('name', 'id')),
    group_text TEXT NOT NULL,
    gives_kind TEXT NOT NULL CHECK (gives_kind IN ('team', 'role')),
    gives TEXT NOT NULL,
    priority INTEGER NOT NULL,
    starts INTEGER,
    until INTEGER,
    by TEXT NOT NULL,
    at INTEGER NOT NULL,
    why TEXT,
    PRIMARY KEY (group_kind, group_text, gives_kind, gives)
) STRICT, WITHOUT ROWID;

-- How often the table was changed.
CREATE TABLE grant_version (version INTEGER NOT NULL) STRICT;
INSERT INTO grant_version VALUES (0);

-- Metadata of identity providers as last fetched, so that a start while one of them is down lets
-- people in all the same.
CREATE TABLE metadata_copy (
    name TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT, WITHOUT ROWID;
