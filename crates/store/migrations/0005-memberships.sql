-- Groups of the directory as the last complete reading found them. `was_read`: their memberships
-- were read too. `gone`: since when they have been missing.
CREATE TABLE directory_group (
    id       TEXT PRIMARY KEY,
    name     TEXT NOT NULL,
    was_read INTEGER NOT NULL CHECK (was_read IN (0, 1)),
    gone     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX directory_group_by_gone ON directory_group (gone) WHERE gone IS NOT NULL;

-- Who was in which group. `gone`: since when a complete reading of the group has not found it.
CREATE TABLE membership (
    id       TEXT PRIMARY KEY,
    group_id TEXT NOT NULL,
    person   TEXT NOT NULL,
    gone     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX membership_by_group ON membership (group_id);
CREATE INDEX membership_by_gone ON membership (gone) WHERE gone IS NOT NULL;
