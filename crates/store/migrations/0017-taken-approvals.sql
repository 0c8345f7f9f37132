-- An approval that was taken is kept up to its end: should it be kept once more, it stays taken.
ALTER TABLE approval ADD COLUMN taken INTEGER NOT NULL DEFAULT 0;
