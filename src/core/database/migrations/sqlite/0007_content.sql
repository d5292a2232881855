-- What is sent besides plain text: the object of its kind, sealed, for it may hold numbers of others. `content` is what people read of it.
ALTER TABLE sends ADD COLUMN kind TEXT NOT NULL DEFAULT 'text' CHECK (length(kind) BETWEEN 1 AND 30);
ALTER TABLE sends ADD COLUMN payload BLOB;

-- A file of ours that the provider keeps for a device, until it forgets it.
CREATE TABLE media_uploads (
    device_id INTEGER NOT NULL REFERENCES devices (id),
    file_id INTEGER NOT NULL REFERENCES files (id),
    device_revision INTEGER NOT NULL,  -- of the configuration it was given under: another account does not know it
    media_id TEXT NOT NULL CHECK (length(media_id) BETWEEN 1 AND 255),
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (device_id, file_id)
) STRICT;
CREATE INDEX ix_media_uploads_expires_at ON media_uploads (expires_at);
CREATE INDEX ix_media_uploads_file_id ON media_uploads (file_id);
