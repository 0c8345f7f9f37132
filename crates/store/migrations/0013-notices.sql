-- What somebody was told of already, as JSON: it is only ever compared as a whole.
CREATE TABLE notice (
    key TEXT PRIMARY KEY,
    state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
