-- What identity providers pushed by SCIM, by directory: the name of a source of the map. `kind` is
-- `user` or `group`; `keys` is what it is found by, as JSON; `body` is what was pushed, as JSON.
CREATE TABLE scim_record (
    directory TEXT    NOT NULL,
    kind      TEXT    NOT NULL CHECK (kind IN ('user', 'group')),
    id        TEXT    NOT NULL,
    version   INTEGER NOT NULL,
    created   INTEGER NOT NULL,
    changed   INTEGER NOT NULL,
    keys      TEXT    NOT NULL,
    body      TEXT    NOT NULL,
    UNIQUE (directory, kind, id)
) STRICT;

-- The same keys, one a row.
CREATE TABLE scim_key (
    directory TEXT NOT NULL,
    kind      TEXT NOT NULL,
    key       TEXT NOT NULL,
    value     TEXT NOT NULL,
    id        TEXT NOT NULL,
    PRIMARY KEY (directory, kind, key, value, id)
) STRICT, WITHOUT ROWID;

-- Who is in which group: a person or a group.
CREATE TABLE scim_member (
    directory TEXT NOT NULL,
    group_id  TEXT NOT NULL,
    member    TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('user', 'group')),
    PRIMARY KEY (directory, group_id, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_member_by_member ON scim_member (directory, member, group_id);

-- How much there is: counting would read it all.
CREATE TABLE scim_count (
    directory TEXT PRIMARY KEY,
    users     INTEGER NOT NULL,
    groups    INTEGER NOT NULL,
    changed   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
