-- What the provider lets a device do, and how far its sends are behind.
ALTER TABLE device_pacing ADD COLUMN next_at INTEGER NOT NULL DEFAULT 0;  -- no token before
ALTER TABLE device_pacing ADD COLUMN waiting_since INTEGER NOT NULL DEFAULT 0;  -- sends wait for tokens; 0 = none does
ALTER TABLE device_pacing ADD COLUMN limited_at INTEGER NOT NULL DEFAULT 0;  -- the provider last said that it is too fast
ALTER TABLE device_pacing ADD COLUMN limited_by TEXT;  -- in these words
ALTER TABLE device_pacing ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;  -- of that sort, with nothing accepted in between
ALTER TABLE device_pacing ADD COLUMN quality_at INTEGER NOT NULL DEFAULT 0;  -- the provider last held something back for the number's quality

-- A claim asks device by device: what waits for one that may not send costs the others nothing.
DROP INDEX ix_conversations_send_ready;
CREATE INDEX ix_conversations_send_ready ON conversations (device_id, send_due_at, id) WHERE send_state = 'ready';

ALTER TABLE message_statuses ADD COLUMN pricing TEXT;  -- "service, regular, not billed"
