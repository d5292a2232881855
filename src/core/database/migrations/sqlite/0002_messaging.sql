-- Words that may stand in a column are compared one by one: SQLite builds a table for an IN list of more than two, at each write.
CREATE TABLE inbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 30),
    device_id INTEGER REFERENCES devices (id),  -- named by the path it came in on; null: the body says which
    digest BLOB NOT NULL,
    body BLOB,  -- sealed; null once it was blanked
    version INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL DEFAULT 'received' CHECK (state = 'received' OR state = 'done' OR state = 'quarantined' OR state = 'unrouted'),
    error TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    request_id TEXT NOT NULL DEFAULT '',
    received_at INTEGER NOT NULL,
    done_at INTEGER,
    UNIQUE (kind, digest)
) STRICT;
CREATE INDEX ix_inbox_received ON inbox (id) WHERE state = 'received';
CREATE INDEX ix_inbox_unfinished ON inbox (state, id) WHERE state = 'quarantined' OR state = 'unrouted';

-- Who stores what is in the inbox, and who makes devices that it may be for, hold this row: one at a time, so that the order holds.
CREATE TABLE drain_shards (id INTEGER PRIMARY KEY) STRICT;
INSERT INTO drain_shards (id) VALUES (1);

CREATE TABLE inbox_items (
    inbox_id INTEGER NOT NULL REFERENCES inbox (id),
    position INTEGER NOT NULL,
    device_id INTEGER,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'done' OR state = 'double' OR state = 'quarantined' OR state = 'unrouted'),
    error TEXT,
    message_id INTEGER,
    PRIMARY KEY (inbox_id, position)
) STRICT;

CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE CHECK (length(key) BETWEEN 1 AND 100),
    device_id INTEGER NOT NULL REFERENCES devices (id),
    contact_id INTEGER NOT NULL REFERENCES contacts (id),
    title TEXT,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed')),
    control TEXT NOT NULL DEFAULT 'agent' CHECK (control IN ('agent', 'human')),
    control_until INTEGER,
    last_message_at INTEGER,
    turn_state TEXT NOT NULL DEFAULT 'idle' CHECK (turn_state = 'idle' OR turn_state = 'ready' OR turn_state = 'running'),
    turn_pending INTEGER NOT NULL DEFAULT 0 CHECK (turn_pending >= 0),
    turn_cursor INTEGER NOT NULL DEFAULT 0,  -- the last message whose turn is finished
    turn_due_at INTEGER NOT NULL DEFAULT 0,
    turn_lease_no INTEGER NOT NULL DEFAULT 0,
    turn_lease_until INTEGER,
    turn_worker INTEGER,
    send_state TEXT NOT NULL DEFAULT 'idle' CHECK (send_state = 'idle' OR send_state = 'ready' OR send_state = 'running'),
    send_pending INTEGER NOT NULL DEFAULT 0 CHECK (send_pending >= 0),
    send_due_at INTEGER NOT NULL DEFAULT 0,
    send_lease_no INTEGER NOT NULL DEFAULT 0,
    send_lease_until INTEGER,
    send_worker INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (device_id, contact_id)
) STRICT;
CREATE INDEX ix_conversations_turn_ready ON conversations (turn_due_at, id) WHERE turn_state = 'ready';
CREATE INDEX ix_conversations_turn_running ON conversations (turn_lease_until) WHERE turn_state = 'running';
CREATE INDEX ix_conversations_send_ready ON conversations (send_due_at, id) WHERE send_state = 'ready';
CREATE INDEX ix_conversations_send_running ON conversations (send_lease_until) WHERE send_state = 'running';
CREATE INDEX ix_conversations_contact_id ON conversations (contact_id);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    device_id INTEGER NOT NULL,  -- the conversation's, as contact_id is
    direction TEXT NOT NULL CHECK (direction = 'incoming' OR direction = 'outgoing' OR direction = 'internal'),
    sender_kind TEXT NOT NULL CHECK (sender_kind = 'user' OR sender_kind = 'contact' OR sender_kind = 'agent' OR sender_kind = 'system'),
    contact_id INTEGER,
    author_contact_id INTEGER REFERENCES contacts (id),  -- who wrote, when contact_id is a group
    agent_id INTEGER REFERENCES agents (id),
    message_type TEXT NOT NULL DEFAULT 'text' CHECK (length(message_type) BETWEEN 1 AND 30),
    content TEXT,
    metadata TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(metadata)),
    raw BLOB,  -- sealed; the item as it came
    takes_turn INTEGER NOT NULL DEFAULT 0 CHECK (takes_turn IN (0, 1)),
    parent_id INTEGER REFERENCES messages (id),
    whatsapp_message_id_enc BLOB,
    whatsapp_message_id_hash BLOB,
    whatsapp_message_id_last4 TEXT,
    status TEXT NOT NULL CHECK (status = 'received' OR status = 'queued' OR status = 'sent' OR status = 'delivered' OR status = 'read' OR status = 'played' OR status = 'failed' OR status = 'uncertain' OR status = 'held' OR status = 'cancelled'),
    error TEXT CHECK (error IS NULL OR json_valid(error)),
    timestamp INTEGER NOT NULL,
    deleted_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ux_messages_whatsapp_message_id ON messages (device_id, whatsapp_message_id_hash) WHERE whatsapp_message_id_hash IS NOT NULL;
CREATE INDEX ix_messages_conversation_id ON messages (conversation_id, id);
CREATE INDEX ix_messages_device_id ON messages (device_id, id);
CREATE INDEX ix_messages_unsettled ON messages (status, id) WHERE status = 'failed' OR status = 'uncertain' OR status = 'held';

CREATE TABLE message_statuses (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL,
    message_id INTEGER REFERENCES messages (id),  -- null: the message is not known (yet)
    whatsapp_message_id_enc BLOB NOT NULL,
    whatsapp_message_id_hash BLOB NOT NULL,
    whatsapp_message_id_last4 TEXT NOT NULL,
    recipient_hash BLOB NOT NULL DEFAULT x'',  -- set for groups, where each participant has statuses
    status TEXT NOT NULL CHECK (length(status) BETWEEN 1 AND 30),
    timestamp INTEGER NOT NULL,
    error_code TEXT,
    error_title TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (whatsapp_message_id_hash, status, recipient_hash)
) STRICT;
CREATE INDEX ix_message_statuses_message_id ON message_statuses (message_id);

CREATE TABLE turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    agent_id INTEGER REFERENCES agents (id),
    agent_revision INTEGER,
    first_message_id INTEGER NOT NULL REFERENCES messages (id),
    last_message_id INTEGER NOT NULL REFERENCES messages (id),
    reply_message_id INTEGER REFERENCES messages (id),
    attempt INTEGER NOT NULL DEFAULT 0,
    outcome TEXT CHECK (outcome = 'replied' OR outcome = 'no_reply' OR outcome = 'suppressed' OR outcome = 'dead'),  -- null: open
    reason TEXT,
    last_error TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX ux_turns_open ON turns (conversation_id) WHERE outcome IS NULL;
CREATE INDEX ix_turns_last_message_id ON turns (last_message_id);
CREATE INDEX ix_turns_reply_message_id ON turns (reply_message_id) WHERE reply_message_id IS NOT NULL;

CREATE TABLE turn_steps (
    turn_id INTEGER NOT NULL REFERENCES turns (id),
    n INTEGER NOT NULL,
    kind TEXT NOT NULL,
    request TEXT NOT NULL,
    answer TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (turn_id, n)
) STRICT;

CREATE TABLE sends (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id INTEGER NOT NULL REFERENCES messages (id),
    conversation_id INTEGER NOT NULL,  -- the message's, as device_id is
    device_id INTEGER NOT NULL,
    part INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'queued'
        CHECK (state = 'queued' OR state = 'claimed' OR state = 'handing_over' OR state = 'sent' OR state = 'failed' OR state = 'uncertain' OR state = 'held' OR state = 'cancelled'),
    content TEXT NOT NULL,  -- the text of this part
    on_uncertain TEXT NOT NULL CHECK (on_uncertain IN ('resend', 'hold')),
    whatsapp_message_id_enc BLOB,
    whatsapp_message_id_hash BLOB,
    whatsapp_message_id_last4 TEXT,
    lease_no INTEGER NOT NULL DEFAULT 0,
    worker INTEGER,
    uncertain_since INTEGER,
    body_hash BLOB,
    last_error TEXT,
    settled_by TEXT,
    doubled_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (message_id, part, attempt)
) STRICT;
CREATE INDEX ix_sends_head ON sends (conversation_id, message_id, part, attempt) WHERE state = 'queued' OR state = 'claimed' OR state = 'handing_over' OR state = 'uncertain';
CREATE INDEX ix_sends_unsettled ON sends (state, id) WHERE state = 'failed' OR state = 'uncertain' OR state = 'held';
CREATE INDEX ix_sends_whatsapp_message_id ON sends (device_id, whatsapp_message_id_hash) WHERE whatsapp_message_id_hash IS NOT NULL;

CREATE TABLE device_pacing (
    device_id INTEGER PRIMARY KEY REFERENCES devices (id),
    tokens REAL NOT NULL,
    refilled_at INTEGER NOT NULL,
    blocked_until INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE changes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    object_type TEXT NOT NULL,
    object_id INTEGER NOT NULL,
    device_id INTEGER,
    actor TEXT NOT NULL,
    request_id TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE workers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    boot_id TEXT NOT NULL,
    start_ticks INTEGER NOT NULL,
    queues TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
