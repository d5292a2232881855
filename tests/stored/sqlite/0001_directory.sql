PRAGMA defer_foreign_keys=ON;
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
CREATE TABLE schema_migrations (revision BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL);
INSERT INTO "agent_bindings" VALUES(1,1,1,100,1,1795700619330852,1795700619330852);
INSERT INTO "agents" VALUES(1,'echo','echo',NULL,'rule_based','{"rules":[],"fallback":"Noted.","trigger_keywords":[],"allowed_contacts":[],"ignore_groups":false,"quote":true}',1,1,NULL,1795700619298834,1795700619298834);
INSERT INTO "contact_identities" VALUES(1,1,1,'phone',X'0109452CBC354501AD04F88E952E311A13CDD612FEC0E6A5B3FD49B2A00688B6F6D877265919BB70270630632D',X'661497F9C08A85C6F739ED51D1B9C441FE20419DD66E14E8AF4B86983CDBE95B','0160',1795700619463847,1795700619463847);
INSERT INTO "contact_identities" VALUES(2,1,2,'phone',X'0109452CBC41DE51EF572297E1B33AB3EB11A0803EFBE1A5402D99859096A56CE2E50400BACB94AC6849715369',X'A6E7C7DDBF4F0D1EDE0A76862F8E2EC66407F6D22D5EDB01E97520BB5A5FB432','0161',1795700619487812,1795700619487812);
INSERT INTO "contact_identities" VALUES(3,1,3,'phone',X'0109452CBC9BB435CD926DD12E79C32663CB719A6AA21680259C45AED8E15FE0919468FD563AB1838C9683A1DB',X'15A6639581F0085CADB5FAA44BC1E5CCDA3633D353CB7F89F2382068E3FC8861','0162',1795700619487812,1795700619487812);
INSERT INTO "contacts" VALUES(1,1,X'0109452CBC4B527E24BAA2060A4C6B2E4F5B8822EEE8E5934B59F8E2FCE9FE0A4AD89F287ABBE15E32339B47288B272A55269D1E8D67C4439D874F',X'D0E59A6FCCF761B668E5935A8ED4A5AFB691894D40BBD6FE28DA67B35885D5A8','0160',X'0109452CBC483588B794EFB432D7DC07C8371ABD77EEB43DDCD0746F553EA63B20E19F5286B4F8EEDE3F4261A6',X'661497F9C08A85C6F739ED51D1B9C441FE20419DD66E14E8AF4B86983CDBE95B','0160','Someone',0,0,1795700619487812,1795700619487812,1795700619463847,1795700619487812);
INSERT INTO "contacts" VALUES(2,1,X'0109452CBCD514EBBFD28F2435F00E57BD5F6AF5B2B42D683C5C309865EFEF5F51F75CC7D1E73B7DBE9291DCEC49983CA9925024E7A36E60BE4A15',X'B9473A7C15B777272AD4844D491862B1F18CDCF65D5361BC5AB6D618D1454EA0','0161',X'0109452CBCFE1404508A4E305690D2FF5165D77621E9952655AB14F59A1E6D4A0F0E85F854A5CE1F7D37C73A95',X'A6E7C7DDBF4F0D1EDE0A76862F8E2EC66407F6D22D5EDB01E97520BB5A5FB432','0161','Someone',0,0,1795700619487812,1795700619487812,1795700619487812,1795700619487812);
INSERT INTO "contacts" VALUES(3,1,X'0109452CBC1EACBE3434B3863B335F641FDD8B2EBAD8CABF252C65EC5D999DCD2A7F5DDADE51D4B327E52D85D8CEE30B60DF103CE3F03085E317E0',X'35FC44AE34DD46273C8FDB9D0AEA328F31A782616810162681944EB7ACA09892','0162',X'0109452CBCBE0327FC5EEB09FB996109E2E326CD9A7FF6E90CC729B3B8B207FBBCDDD542739C0D10C8F73A6582',X'15A6639581F0085CADB5FAA44BC1E5CCDA3633D353CB7F89F2382068E3FC8861','0162','Someone',0,0,1795700619487812,1795700619487812,1795700619487812,1795700619487812);
INSERT INTO "devices" VALUES(1,'shop','shop',NULL,'whatsapp','{"phone_number_id":"200000000000001","graph_url":"http://127.0.0.1:36459","rate_per_s":80,"loop_limit":0}',X'0109452CBCC4CA0148195193E721E35C650226C2C73AE6F5D211E2AE082413BDA46C8B1CED394ACF27E5790016A1CA907E31AA836A20A2FF9BD5FBDA8E7304AC4366237C6E5420BACBD8DD6ECC133719D3D0DDCE7A80E67367787DCC6A72727F6E61417A1530656073AFC1ED827E85423DA800808448BAF21599B8E2','200000000000001',NULL,NULL,NULL,'disconnected',NULL,NULL,NULL,NULL,1,1,NULL,1795700619330852,1795700619330852);
INSERT INTO "ignore_rules" VALUES(1,1,'keyword','lottery',NULL,NULL,NULL,NULL,1,1795700619376071,1795700619376071);
INSERT INTO "schema_migrations" VALUES(1,'0001_directory','83a6b4fccf40bfaacdc65a469c4da132483173a8bcd78560ae77e9103a641efe',1795700619230444);
CREATE UNIQUE INDEX ux_devices_key ON devices (key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX ux_devices_provider_ref ON devices (kind, provider_ref) WHERE deleted_at IS NULL;
CREATE INDEX ix_devices_phone_number_hash ON devices (phone_number_hash);
CREATE UNIQUE INDEX ux_agents_key ON agents (key) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX ux_agent_bindings_primary ON agent_bindings (device_id) WHERE is_primary = 1;
CREATE INDEX ix_agent_bindings_agent_id ON agent_bindings (agent_id);
CREATE INDEX ix_contacts_device_id ON contacts (device_id, id);
CREATE INDEX ix_contact_identities_contact_id ON contact_identities (contact_id);
CREATE INDEX ix_ignore_rules_device_id ON ignore_rules (device_id, id);
CREATE UNIQUE INDEX ux_ignore_rules_value ON ignore_rules (device_id, value) WHERE value IS NOT NULL;
CREATE UNIQUE INDEX ux_ignore_rules_address ON ignore_rules (device_id, rule_type, address_hash) WHERE address_hash IS NOT NULL;
CREATE INDEX ix_ignore_rules_contact_id ON ignore_rules (contact_id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('agents',1);
INSERT INTO "sqlite_sequence" VALUES('devices',1);
INSERT INTO "sqlite_sequence" VALUES('agent_bindings',1);
INSERT INTO "sqlite_sequence" VALUES('ignore_rules',1);
INSERT INTO "sqlite_sequence" VALUES('contacts',3);
INSERT INTO "sqlite_sequence" VALUES('contact_identities',3);
