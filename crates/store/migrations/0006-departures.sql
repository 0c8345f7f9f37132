-- People whom an admin offboarded by command. An empty team stands for all teams and signing in.
CREATE TABLE departure (
    person       TEXT NOT NULL,
    team         TEXT NOT NULL,
    user_name    TEXT,
    since        INTEGER NOT NULL,
    by           TEXT NOT NULL,
    why          TEXT,
    hold_skipped INTEGER NOT NULL CHECK (hold_skipped IN (0, 1)),
    PRIMARY KEY (person, team)
) STRICT, WITHOUT ROWID;

-- The history of one person.
CREATE INDEX audit_by_person ON audit (person, id) WHERE person IS NOT NULL;
