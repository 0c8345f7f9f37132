-- Sessions that an identity provider ended: whose, with which index ('': all of them), as of when by its
-- clock, and until when that is remembered.
CREATE TABLE logged_out (
    subject TEXT NOT NULL,
    idp_index TEXT NOT NULL,
    as_of INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (subject, idp_index)
) STRICT, WITHOUT ROWID;
CREATE INDEX logged_out_by_end ON logged_out (until);
