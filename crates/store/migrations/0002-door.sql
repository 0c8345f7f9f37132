-- Sessions remember the one team they are for, and the identity provider's session they came from,
-- both as digests. Who is signed in without that cannot be logged out by the provider: sign in anew.
DELETE FROM session;
ALTER TABLE session ADD COLUMN team TEXT;
ALTER TABLE session ADD COLUMN idp_subject TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN idp_index TEXT;
CREATE INDEX session_by_idp_subject ON session (idp_subject);

-- The last answers of identity providers. `rows` is a JSON array of checks.
CREATE TABLE attempt (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    at        INTEGER NOT NULL,
    reference TEXT NOT NULL,
    idp       TEXT,
    person    TEXT,
    accepted  INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    code      TEXT NOT NULL,
    rows      TEXT NOT NULL
) STRICT;

-- Secrets drawn here, the same for all replicas.
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL CHECK (length(value) = 32)
) STRICT, WITHOUT ROWID;
