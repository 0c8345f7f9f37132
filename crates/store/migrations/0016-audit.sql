-- The same refusal as before. Where a trigger may abort, SQLite copies every page that an insert changes, to
-- undo the statement alone; this one refuses before anything is changed.
DROP TRIGGER audit_is_never_replaced;
CREATE TRIGGER audit_is_never_replaced BEFORE INSERT ON audit
WHEN EXISTS (SELECT 1 FROM audit WHERE id = NEW.id)
BEGIN
    SELECT RAISE(FAIL, 'the audit log is append-only');
END;
