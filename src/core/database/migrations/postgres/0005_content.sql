-- What is sent besides plain text: the object of its kind, sealed, for it may hold numbers of others. `content` is what people read of it.
ALTER TABLE sends ADD COLUMN kind TEXT NOT NULL DEFAULT 'text' CHECK (length(kind) BETWEEN 1 AND 30);
ALTER TABLE sends ADD COLUMN payload BYTEA;
