-- A sign-in remembers the identity provider that was asked. Those under way begin anew.
DELETE FROM pending_login;
ALTER TABLE pending_login ADD COLUMN idp TEXT NOT NULL DEFAULT '';
