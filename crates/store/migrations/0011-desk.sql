-- What somebody agreed to that the guard had refused.
CREATE TABLE approval (
    removals TEXT PRIMARY KEY,
    until INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Tokens of the API, by the digest of their secret.
CREATE TABLE api_token (
    digest TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    until INTEGER NOT NULL,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Requests with idempotency keys, and how they were answered.
CREATE TABLE reply (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    until INTEGER NOT NULL,
    status INTEGER,
    body TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX reply_by_end ON reply (until);
