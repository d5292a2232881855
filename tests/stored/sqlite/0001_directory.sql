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
INSERT INTO "agent_bindings" VALUES(1,1,1,100,1,1795702941307557,1795702941307557);
INSERT INTO "agents" VALUES(1,'echo','echo',NULL,'rule_based','{"rules":[],"fallback":"Noted.","trigger_keywords":[],"allowed_contacts":[],"ignore_groups":false,"quote":true}',1,1,NULL,1795702941258678,1795702941258678);
INSERT INTO "contact_identities" VALUES(1,1,1,'phone',X'01814AEDD9272B6950BA4BC63727AF7710FFCA722A7A257820249D7442F4C9B6F5AF7594D7615D209325967280',X'3A3D0F8C13AA9DD74CFDB654A27172D3E0903619E64A475662F2FC54638A55F4','0160',1795702941436825,1795702941436825);
INSERT INTO "contact_identities" VALUES(2,1,2,'phone',X'01814AEDD92FA543A3E64D04A63E7882B8EADD8374EC994ED0A2BBEB59E806D4D305B634B96248618B8B8939A6',X'1C0B63E930E686CCFEBF3F2968BB4A8D9B14425693C6CF8EDEEF8B45ACC9766F','0161',1795702941441973,1795702941441973);
INSERT INTO "contact_identities" VALUES(3,1,3,'phone',X'01814AEDD9D7EE8DB34DF53DFC469F76749663F6DA677586F9DF88532C528B1030F6368EF170879124D342BA0E',X'E834E8978F07AB050C24B7715287711C41114279C35BA4C2252A2F879D22D88B','0162',1795702941468285,1795702941468285);
INSERT INTO "contacts" VALUES(1,1,X'01814AEDD9FA88E2D0F0FBE4AA1C53E01804C040F6D672F30E6AC5F6861EBD4B14CED315BBC90A7218DA0A4EF1C1D7C0DFC2E8609FE171316090DE',X'16197D0102FA65A9B0D50D9B01CCCBAF8D41019E505F86A4CC94E0A434E52C03','0160',X'01814AEDD9B31DA0819B503AB1DD8D4CCACBE7B7B5C6FA9D8C3B8A1E8EB3342D38B14ADA1B3875A4A1B5C41594',X'3A3D0F8C13AA9DD74CFDB654A27172D3E0903619E64A475662F2FC54638A55F4','0160','Someone',0,0,1795702941480527,1795702941480527,1795702941436825,1795702941480527);
INSERT INTO "contacts" VALUES(2,1,X'01814AEDD9E565A89089D74CF76CC8906307E44C31FAEEACDE389C2EAA66FF4F05024C863CFB4CA1725E64793B61393AEA383150FCD0CA1FBCD4F6',X'31EE1656535DFE6CBF5D22787A716F2C4249CFE99638D2D3C9D47815A14DB2ED','0161',X'01814AEDD92F92F454809A9D8E2E3B16153819A82B95B1330F43910E494102DC16D78378EE75A00973B6D762A0',X'1C0B63E930E686CCFEBF3F2968BB4A8D9B14425693C6CF8EDEEF8B45ACC9766F','0161','Someone',0,0,1795702941441973,1795702941441973,1795702941441973,1795702941441973);
INSERT INTO "contacts" VALUES(3,1,X'01814AEDD95E9F7A10077A99C0FC9BB2116852AAE40A5375E92774C306B7D3EDDF2650EA8A585C59234B6F075F35E45808F72EFE731901A361C5B7',X'442B90073A3273D265DE627FA12D9934D3D04148F3E69A4D5CF9826D55335D8F','0162',X'01814AEDD9693F0ADEC40688E455306C00A5FEAD58BCD4548514E5FF68BF605F547F747187C074BB4555506E30',X'E834E8978F07AB050C24B7715287711C41114279C35BA4C2252A2F879D22D88B','0162','Someone',0,0,1795702941468285,1795702941468285,1795702941468285,1795702941468285);
INSERT INTO "devices" VALUES(1,'shop','shop',NULL,'whatsapp','{"phone_number_id":"200000000000001","graph_url":"http://127.0.0.1:33803","rate_per_s":80,"loop_limit":0}',X'01814AEDD96DFE1A0A5CEAF72C0DC42ECCC73C944E041863E6BCDCBC516C72E3647147A0AAF9AD1006E104624B9332B8A91E8D5788BDC9F12EA937A7CA6A26FC810880708C2C2DE0EB1DE6BB1A99B1FDB69E21F34E67E8A36789729A0346F482DF3FB669BD34BBDC9048A99BFF90DD82570109B07EEC399736F2D659','200000000000001',NULL,NULL,NULL,'disconnected',NULL,NULL,NULL,NULL,1,1,NULL,1795702941307557,1795702941307557);
INSERT INTO "ignore_rules" VALUES(1,1,'keyword','lottery',NULL,NULL,NULL,NULL,1,1795702941363470,1795702941363470);
INSERT INTO "schema_migrations" VALUES(1,'0001_directory','83a6b4fccf40bfaacdc65a469c4da132483173a8bcd78560ae77e9103a641efe',1795702941194629);
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
