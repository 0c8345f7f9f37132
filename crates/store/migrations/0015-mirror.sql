-- What the last run that mirrored groups planned (`reading`) and came to (`seen`), as JSON.
CREATE TABLE mirror_record (
    part   TEXT PRIMARY KEY CHECK (part IN ('reading', 'seen')),
    record TEXT NOT NULL
) STRICT, WITHOUT ROWID;
