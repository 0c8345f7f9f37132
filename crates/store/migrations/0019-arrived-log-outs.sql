-- When the order came, by our clock. Of one that is remembered already it is not known: it goes on counting
-- for whoever signs in before it is forgotten.
ALTER TABLE logged_out ADD COLUMN arrived INTEGER NOT NULL DEFAULT 0;
UPDATE logged_out SET arrived = until;
