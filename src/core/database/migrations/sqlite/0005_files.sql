CREATE TABLE files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE CHECK (length(uuid) = 36),
    device_id INTEGER REFERENCES devices (id),
    origin TEXT NOT NULL CHECK (origin = 'incoming' OR origin = 'outgoing'),
    file_name TEXT NOT NULL CHECK (length(file_name) BETWEEN 1 AND 255),
    file_type TEXT NOT NULL CHECK (length(file_type) BETWEEN 1 AND 100),
    file_size INTEGER NOT NULL CHECK (file_size BETWEEN 1 AND 26214400),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    storage_backend TEXT NOT NULL CHECK (storage_backend = 'local' OR storage_backend = 's3' OR storage_backend = 'supabase'),
    storage_key TEXT UNIQUE,  -- null once the octets are gone
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ix_files_device_id ON files (device_id, id);
CREATE INDEX ix_files_kept ON files (created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX ix_files_removable ON files (id) WHERE deleted_at IS NOT NULL AND storage_key IS NOT NULL;
