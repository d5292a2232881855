ALTER TABLE messages DROP COLUMN media_wait_until;
DROP TABLE media;
