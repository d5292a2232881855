ALTER TABLE sends RENAME COLUMN duplicate_at TO doubled_at;
