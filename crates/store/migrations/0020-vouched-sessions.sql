-- Sessions remember which identity provider opened them, and which of its keys signed. Of those that are
-- open already nobody can tell, so they end: their people sign in again.
DELETE FROM session;
ALTER TABLE session ADD COLUMN idp TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN idp_key TEXT NOT NULL DEFAULT '';
