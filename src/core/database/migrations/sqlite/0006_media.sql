-- What came with a message and lies at its provider until it is fetched.
CREATE TABLE media (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
    provider_media_id TEXT NOT NULL,
    mime_type TEXT NOT NULL,  -- as declared
    sha256 TEXT CHECK (length(sha256) = 64),  -- as declared; null: it is not
    file_name TEXT CHECK (length(file_name) BETWEEN 1 AND 255),
    blob_key TEXT NOT NULL UNIQUE,  -- of the blob that it is fetched into, so that who fetches it again goes on with that one
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state = 'waiting' OR state = 'fetched' OR state = 'blocked' OR state = 'gone' OR state = 'failed'),
    file_id INTEGER REFERENCES files (id),
    error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ix_media_message_id ON media (message_id);
CREATE INDEX ix_media_file_id ON media (file_id);

-- Until when the turn of a message waits for what came with it. Null: for nothing.
ALTER TABLE messages ADD COLUMN media_wait_until INTEGER;
