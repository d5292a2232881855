-- Names as users see them.
ALTER TABLE sends RENAME COLUMN doubled_at TO duplicate_at;  -- a second attempt was accepted too
UPDATE changes SET kind = 'send.duplicate' WHERE kind = 'send.doubled';
