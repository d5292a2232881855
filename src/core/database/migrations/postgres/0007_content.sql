-- What is sent besides plain text: the object of its kind, sealed, for it may hold numbers of others. `content` is what people read of it.
ALTER TABLE sends ADD COLUMN kind kind_name NOT NULL DEFAULT 'text';
ALTER TABLE sends ADD COLUMN payload BYTEA;

-- A file of ours that the provider keeps for a device, until it forgets it.
CREATE TABLE media_uploads (
    device_id BIGINT NOT NULL REFERENCES devices (id),
    file_id BIGINT NOT NULL REFERENCES files (id),
    device_revision BIGINT NOT NULL,  -- of the configuration it was given under: another account does not know it
    media_id TEXT NOT NULL CHECK (length(media_id) BETWEEN 1 AND 255),
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (device_id, file_id)
);
CREATE INDEX ix_media_uploads_expires_at ON media_uploads (expires_at);
CREATE INDEX ix_media_uploads_file_id ON media_uploads (file_id);
