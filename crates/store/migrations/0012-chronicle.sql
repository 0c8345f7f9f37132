-- What the loop saw over the days, for people to look at. `note` is JSON.
CREATE TABLE note (
    id   INTEGER PRIMARY KEY AUTOINCREMENT,
    note TEXT NOT NULL
) STRICT;

-- How many profiles a domain had, by day (UTC, `2026-11-21`).
CREATE TABLE profile_count (
    day      TEXT NOT NULL,
    domain   TEXT NOT NULL,
    profiles INTEGER NOT NULL,
    PRIMARY KEY (day, domain)
) STRICT, WITHOUT ROWID;
