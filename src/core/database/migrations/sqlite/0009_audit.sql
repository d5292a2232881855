-- What people had commands do, one row for each that changed something or showed what is sealed. Rows go after their time and never change.
CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (kind = 'change' OR kind = 'reveal'),
    actor_kind TEXT NOT NULL,
    actor TEXT NOT NULL CHECK (length(actor) BETWEEN 1 AND 255),
    action TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 100),  -- the command: "device update"
    objects TEXT NOT NULL CHECK (json_valid(objects)),  -- ["device/3"]
    facts TEXT NOT NULL CHECK (json_valid(facts)),
    request_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ix_audit_log_actor ON audit_log (actor, id);
CREATE TRIGGER audit_log_is_final BEFORE UPDATE ON audit_log BEGIN SELECT RAISE(ABORT, 'entries of the audit log do not change'); END;

-- What was asked for under a key of the caller's, so that asking again is not doing again.
CREATE TABLE idempotency_keys (
    actor TEXT NOT NULL,
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 128),
    content_hash BLOB NOT NULL,  -- keyed
    message_id INTEGER REFERENCES messages (id),  -- null only until the unit ends that asked first
    created_at INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT;
CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at);
CREATE INDEX ix_idempotency_keys_message_id ON idempotency_keys (message_id);
