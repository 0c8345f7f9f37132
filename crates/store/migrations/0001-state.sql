-- Assertions that were used. The digest covers issuer and assertion id; neither is kept in clear.
CREATE TABLE used_assertion (
    digest BLOB PRIMARY KEY CHECK (length(digest) = 32),
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_assertion_by_until ON used_assertion (until);

-- Sign-ins begun here and not yet answered.
CREATE TABLE pending_login (
    request_id TEXT PRIMARY KEY,
    browser    TEXT NOT NULL,
    team       TEXT,
    expires    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_login_by_expires ON pending_login (expires);

-- Who is signed in. The id is a digest of the browser's token.
CREATE TABLE session (
    id      TEXT PRIMARY KEY,
    person  TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_person ON session (person);
CREATE INDEX session_by_expires ON session (expires);

-- What happened. `details` is a JSON object of strings.
CREATE TABLE audit (
    id      INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    event   TEXT NOT NULL,
    code    TEXT NOT NULL,
    person  TEXT,
    team    TEXT,
    details TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

-- REPLACE removes the old row without firing the trigger above.
CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
