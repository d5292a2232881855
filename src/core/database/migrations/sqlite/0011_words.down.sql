ALTER TABLE sends RENAME COLUMN duplicate_at TO doubled_at;
UPDATE changes SET kind = 'send.doubled' WHERE kind = 'send.duplicate';
