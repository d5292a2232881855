DROP INDEX ix_inbox_bodies;
ALTER TABLE sends DROP COLUMN first_attempt;
DROP INDEX ix_turns_dead;
DROP INDEX ix_turns_reopened;
ALTER TABLE turns DROP COLUMN reopened_at;
DROP TABLE failed_attempts;
DROP TABLE paused_queues;
DROP TABLE jobs;
ALTER TABLE inbox DROP COLUMN verified_by;
