-- Counts what happens to claims, leases and the profile index, so that a pass knows what happened
-- after it began to read. `forgotten`: claims let go up to this number may be missing.
CREATE TABLE tally (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    number    INTEGER NOT NULL,
    forgotten INTEGER NOT NULL,
    last_full INTEGER
) STRICT;
INSERT INTO tally VALUES (1, 0, 0, NULL);

-- What is to be read again: a person, or everything (the empty key). `lease` and `until` are those of
-- whoever is at it; `again` and `again_since` say that it was pushed meanwhile.
CREATE TABLE work (
    key         TEXT PRIMARY KEY,
    since       INTEGER NOT NULL,
    due         INTEGER NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0,
    lease       INTEGER,
    owner       TEXT,
    until       INTEGER,
    again       INTEGER,
    again_since INTEGER,
    CHECK ((lease IS NULL) = (until IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX work_by_due ON work (due);

-- Which pass is at whom (`until`), or was the last (`released`). `number` is of that moment.
CREATE TABLE claim (
    person   TEXT PRIMARY KEY,
    owner    TEXT NOT NULL,
    number   INTEGER NOT NULL,
    until    INTEGER,
    released INTEGER,
    CHECK ((until IS NULL) <> (released IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_by_owner ON claim (owner);
CREATE INDEX claim_by_released ON claim (released) WHERE released IS NOT NULL;

-- Nothing may be changed while there is a row.
CREATE TABLE freeze (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    by     TEXT NOT NULL,
    reason TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

-- Profiles of ours by domain id and case-folded name. `number` is of the last change. `intent` names
-- the pass that is about to put it on its way out. What is gone stays as long as the guard counts it.
CREATE TABLE indexed_profile (
    domain        TEXT NOT NULL,
    folded        TEXT NOT NULL,
    name          TEXT NOT NULL,
    person        TEXT NOT NULL,
    team          TEXT NOT NULL,
    leaving_since INTEGER,
    agreed        INTEGER NOT NULL DEFAULT 0 CHECK (agreed IN (0, 1)),
    gone          INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    intent        TEXT,
    number        INTEGER NOT NULL,
    PRIMARY KEY (domain, folded)
) STRICT, WITHOUT ROWID;
CREATE INDEX indexed_profile_by_person ON indexed_profile (person);
CREATE INDEX indexed_profile_by_leaving ON indexed_profile (leaving_since)
    WHERE leaving_since IS NOT NULL;
CREATE INDEX indexed_profile_by_intent ON indexed_profile (intent) WHERE intent IS NOT NULL;

-- When each domain was last read in full, and whether it is in SSO mode.
CREATE TABLE index_mark (
    domain TEXT PRIMARY KEY,
    at     INTEGER NOT NULL,
    sso    INTEGER NOT NULL CHECK (sso IN (0, 1))
) STRICT, WITHOUT ROWID;
