-- The temporary grants and requests of a person, as JSON: one record that changes as a whole.
CREATE TABLE temporary (
    person TEXT NOT NULL PRIMARY KEY,
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
