-- The rows as they are, under a CHECK that knows one more kind.
CREATE TABLE wider_identities (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind = 'phone' OR kind = 'bsuid' OR kind = 'lid' OR kind = 'jid' OR kind = 'chat' OR kind = 'parent'),
    value_enc BLOB NOT NULL,
    value_hash BLOB NOT NULL,
    value_last4 TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (value_hash, device_id, kind)  -- decides who is who
) STRICT;
INSERT INTO wider_identities (id, device_id, contact_id, kind, value_enc, value_hash, value_last4, created_at, updated_at)
SELECT id, device_id, contact_id, kind, value_enc, value_hash, value_last4, created_at, updated_at FROM contact_identities;
DROP TABLE contact_identities;
ALTER TABLE wider_identities RENAME TO contact_identities;
CREATE INDEX ix_contact_identities_contact_id ON contact_identities (contact_id);

-- Whether the person wants to be written what is for sale; null: never said.
ALTER TABLE contacts ADD COLUMN marketing TEXT CHECK (marketing IN ('stop', 'resume'));
ALTER TABLE contacts ADD COLUMN marketing_at INTEGER;

-- What became known of who a contact is, beside its addresses.
CREATE TABLE contact_notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    contact_id INTEGER NOT NULL REFERENCES contacts (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind = 'possibly_same' OR kind = 'new_number' OR kind = 'new_user_id'),
    other_contact_id INTEGER REFERENCES contacts (id) ON DELETE CASCADE,  -- that is possibly the same person
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((kind = 'possibly_same') = (other_contact_id IS NOT NULL))
) STRICT;
CREATE INDEX ix_contact_notes_contact_id ON contact_notes (contact_id, id);
CREATE UNIQUE INDEX ux_contact_notes_other ON contact_notes (other_contact_id, contact_id) WHERE other_contact_id IS NOT NULL;

ALTER TABLE messages ADD COLUMN edited_at INTEGER;   -- the provider's time of the edit whose text `content` is; metadata keeps the first text
ALTER TABLE messages ADD COLUMN revoked_at INTEGER;  -- its writer took it back: kept, not shown
ALTER TABLE messages ADD COLUMN amends_hash BLOB;    -- of an edit or a revocation that came before its message: the hash of that one's provider id
CREATE INDEX ix_messages_amends_hash ON messages (device_id, amends_hash) WHERE amends_hash IS NOT NULL;

-- What a provider says of the account itself.
CREATE TABLE account_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER REFERENCES devices (id) ON DELETE CASCADE,  -- null: of several, or of none here
    waba_id TEXT NOT NULL,
    field TEXT NOT NULL,
    event TEXT,
    weight TEXT NOT NULL CHECK (weight = 'info' OR weight = 'warning' OR weight = 'stops' OR weight = 'lifts'),
    facts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(facts)),
    raw BLOB,  -- sealed
    digest BLOB NOT NULL UNIQUE,
    timestamp INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ix_account_events_device_id ON account_events (device_id, id);
CREATE INDEX ix_account_events_waba_id ON account_events (waba_id, id);

CREATE TABLE templates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    waba_id TEXT NOT NULL,
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 512),
    language TEXT NOT NULL CHECK (length(language) BETWEEN 1 AND 30),
    provider_ref TEXT,
    status TEXT,  -- the provider's words, in capitals
    category TEXT,
    quality TEXT,
    reason TEXT,  -- why the status is what it is
    status_at INTEGER NOT NULL DEFAULT 0,  -- the provider's time of the news; older news change nothing
    category_at INTEGER NOT NULL DEFAULT 0,
    quality_at INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (waba_id, name, language)
) STRICT;
