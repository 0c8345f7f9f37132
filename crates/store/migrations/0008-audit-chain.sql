-- Who did what an entry tells, in which pass, and what it changed (`before` and `after` are JSON
-- objects of strings). The rest is the seal; entries of older versions get theirs when the log is
-- used for the first time.
ALTER TABLE audit ADD COLUMN actor  TEXT NOT NULL DEFAULT 'system';
ALTER TABLE audit ADD COLUMN change TEXT;
ALTER TABLE audit ADD COLUMN before TEXT NOT NULL DEFAULT '{}';
ALTER TABLE audit ADD COLUMN after  TEXT NOT NULL DEFAULT '{}';
ALTER TABLE audit ADD COLUMN prev   BLOB;
ALTER TABLE audit ADD COLUMN hash   BLOB;
ALTER TABLE audit ADD COLUMN key    TEXT;
ALTER TABLE audit ADD COLUMN mac    BLOB;

CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX audit_by_change ON audit (change) WHERE change IS NOT NULL;
-- Empty but for logs of older versions.
CREATE INDEX audit_unsealed ON audit (id) WHERE mac IS NULL;

-- Up to which entry the log may be shortened. The log itself says so in a sealed entry.
CREATE TABLE audit_floor (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    through INTEGER NOT NULL
) STRICT;
INSERT INTO audit_floor VALUES (1, 0);

-- An update may only seal what is not sealed yet.
DROP TRIGGER audit_is_never_updated;
CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit
WHEN OLD.mac IS NOT NULL
    OR (OLD.id, OLD.at, OLD.event, OLD.code, OLD.person, OLD.team, OLD.details, OLD.actor,
        OLD.change, OLD.before, OLD.after)
    IS NOT (NEW.id, NEW.at, NEW.event, NEW.code, NEW.person, NEW.team, NEW.details, NEW.actor,
        NEW.change, NEW.before, NEW.after)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

DROP TRIGGER audit_is_never_deleted;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit
WHEN OLD.id > (SELECT through FROM audit_floor)
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
