DROP TABLE templates;
DROP TABLE account_events;
DROP INDEX ix_messages_amends_hash;
ALTER TABLE messages DROP COLUMN amends_hash;
ALTER TABLE messages DROP COLUMN revoked_at;
ALTER TABLE messages DROP COLUMN edited_at;
DROP TABLE contact_notes;
ALTER TABLE contacts DROP COLUMN marketing_at;
ALTER TABLE contacts DROP COLUMN marketing;
CREATE TABLE narrower_identities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind = 'phone' OR kind = 'bsuid' OR kind = 'lid' OR kind = 'jid' OR kind = 'chat'),
    value_enc BLOB NOT NULL,
    value_hash BLOB NOT NULL,
    value_last4 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (value_hash, device_id, kind)  -- decides who is who
) STRICT;
INSERT INTO narrower_identities (id, device_id, contact_id, kind, value_enc, value_hash, value_last4, created_at, updated_at)
SELECT id, device_id, contact_id, kind, value_enc, value_hash, value_last4, created_at, updated_at FROM contact_identities WHERE kind <> 'parent';
DROP TABLE contact_identities;
ALTER TABLE narrower_identities RENAME TO contact_identities;
CREATE INDEX ix_contact_identities_contact_id ON contact_identities (contact_id);
