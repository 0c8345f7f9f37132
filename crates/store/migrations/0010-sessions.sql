-- Sessions know when they began. Of one that is open already it is worked out from the longest that
-- a session lasts, eight hours.
ALTER TABLE session ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;
UPDATE session SET begun = expires - 28800000000;
