ALTER TABLE message_statuses DROP COLUMN pricing;
DROP INDEX ix_conversations_send_ready;
CREATE INDEX ix_conversations_send_ready ON conversations (send_due_at, id) WHERE send_state = 'ready';
ALTER TABLE device_pacing DROP COLUMN quality_at;
ALTER TABLE device_pacing DROP COLUMN refusals;
ALTER TABLE device_pacing DROP COLUMN limited_by;
ALTER TABLE device_pacing DROP COLUMN limited_at;
ALTER TABLE device_pacing DROP COLUMN waiting_since;
ALTER TABLE device_pacing DROP COLUMN next_at;
