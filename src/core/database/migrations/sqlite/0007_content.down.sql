DROP TABLE media_uploads;
ALTER TABLE sends DROP COLUMN payload;
ALTER TABLE sends DROP COLUMN kind;
