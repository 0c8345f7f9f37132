-- What the last look at the audit log came to, as JSON.
CREATE TABLE audit_watch (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    record TEXT NOT NULL
) STRICT;
