CREATE TABLE devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 100 AND key GLOB '*[^0-9]*'),  -- all digits would read as an id
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    description TEXT,
    kind TEXT NOT NULL CHECK (kind = 'whatsapp' OR kind = 'gateway' OR kind = 'twilio' OR kind = 'telegram' OR kind = 'web' OR kind = 'sim'),
    options TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(options)),
    secrets BLOB,  -- sealed JSON, by name
    provider_ref TEXT CHECK (length(provider_ref) BETWEEN 1 AND 255),  -- the account at the provider: whatsapp's phone number id
    phone_number_enc BLOB,
    phone_number_hash BLOB,
    phone_number_last4 TEXT,
    status TEXT NOT NULL CHECK (status = 'qr_pending' OR status = 'connected' OR status = 'disconnected' OR status = 'error'),
    last_error TEXT,
    connected_at INTEGER,
    disconnected_at INTEGER,
    last_seen_at INTEGER,
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    revision INTEGER NOT NULL DEFAULT 1 CHECK (revision > 0),  -- only ever grows: readers compare sums of it
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ux_devices_key ON devices (key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX ux_devices_provider_ref ON devices (kind, provider_ref) WHERE deleted_at IS NULL;
CREATE INDEX ix_devices_phone_number_hash ON devices (phone_number_hash);

CREATE TABLE agents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 100 AND key GLOB '*[^0-9]*'),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 255),
    description TEXT,
    agent_type TEXT NOT NULL CHECK (agent_type = 'rule_based' OR agent_type = 'langgraph' OR agent_type = 'builtin'),
    config TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(config)),
    revision INTEGER NOT NULL DEFAULT 1 CHECK (revision > 0),
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ux_agents_key ON agents (key) WHERE deleted_at IS NULL;

CREATE TABLE agent_bindings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    agent_id INTEGER NOT NULL REFERENCES agents (id) ON DELETE CASCADE,
    priority INTEGER NOT NULL DEFAULT 100 CHECK (priority BETWEEN 0 AND 1000000),  -- lower is asked earlier
    is_primary INTEGER NOT NULL DEFAULT 0 CHECK (is_primary IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (device_id, agent_id)
) STRICT;
CREATE UNIQUE INDEX ux_agent_bindings_primary ON agent_bindings (device_id) WHERE is_primary = 1;
CREATE INDEX ix_agent_bindings_agent_id ON agent_bindings (agent_id);

CREATE TABLE contacts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    contact_jid_enc BLOB NOT NULL,  -- where replies go
    contact_jid_hash BLOB NOT NULL,
    contact_jid_last4 TEXT NOT NULL,
    phone_number_enc BLOB,
    phone_number_hash BLOB,
    phone_number_last4 TEXT,
    name TEXT CHECK (length(name) BETWEEN 1 AND 255),
    is_blocked INTEGER NOT NULL DEFAULT 0 CHECK (is_blocked IN (0, 1)),
    is_group INTEGER NOT NULL DEFAULT 0 CHECK (is_group IN (0, 1)),
    last_incoming_at INTEGER,
    last_message_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ix_contacts_device_id ON contacts (device_id, id);

CREATE TABLE contact_identities (
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
CREATE INDEX ix_contact_identities_contact_id ON contact_identities (contact_id);

CREATE TABLE ignore_rules (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL REFERENCES devices (id) ON DELETE CASCADE,
    rule_type TEXT NOT NULL CHECK (rule_type = 'contact' OR rule_type = 'group' OR rule_type = 'keyword'),
    value TEXT CHECK (length(value) BETWEEN 1 AND 255),  -- the word of a keyword rule, in lower case
    address_enc BLOB,  -- whom a contact or group rule means
    address_hash BLOB,
    address_last4 TEXT,
    contact_id INTEGER REFERENCES contacts (id) ON DELETE CASCADE,
    is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((rule_type = 'keyword') = (value IS NOT NULL)),
    CHECK ((rule_type = 'keyword') = (address_hash IS NULL))
) STRICT;
CREATE INDEX ix_ignore_rules_device_id ON ignore_rules (device_id, id);
CREATE UNIQUE INDEX ux_ignore_rules_value ON ignore_rules (device_id, value) WHERE value IS NOT NULL;
CREATE UNIQUE INDEX ux_ignore_rules_address ON ignore_rules (device_id, rule_type, address_hash) WHERE address_hash IS NOT NULL;
CREATE INDEX ix_ignore_rules_contact_id ON ignore_rules (contact_id);
