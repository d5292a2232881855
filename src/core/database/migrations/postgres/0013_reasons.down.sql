ALTER TABLE changes DROP COLUMN actor_kind;
ALTER TABLE failed_attempts DROP COLUMN error_code;
ALTER TABLE sends DROP COLUMN error_code;
ALTER TABLE devices DROP COLUMN error_kind;
ALTER TABLE turns DROP COLUMN reason_kind;
