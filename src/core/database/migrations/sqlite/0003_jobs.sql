CREATE TABLE jobs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 60),
    version INTEGER NOT NULL DEFAULT 1,
    payload TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(payload)),
    unique_key TEXT UNIQUE,  -- fires once, however many ask for it
    state TEXT NOT NULL DEFAULT 'ready' CHECK (state = 'ready' OR state = 'running' OR state = 'done' OR state = 'dead' OR state = 'held' OR state = 'cancelled'),
    attempt INTEGER NOT NULL DEFAULT 0,
    due_at INTEGER NOT NULL,
    lease_no INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    worker INTEGER,
    last_error TEXT,
    finished_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX ix_jobs_ready ON jobs (due_at, id) WHERE state = 'ready';
CREATE INDEX ix_jobs_running ON jobs (lease_until) WHERE state = 'running';
CREATE INDEX ix_jobs_waiting ON jobs (state, id) WHERE state = 'ready' OR state = 'running' OR state = 'dead' OR state = 'held';
CREATE INDEX ix_jobs_finished ON jobs (finished_at) WHERE state = 'done' OR state = 'cancelled';

CREATE TABLE paused_queues (
    name TEXT PRIMARY KEY CHECK (name = 'inbox' OR name = 'turn' OR name = 'send' OR name = 'job'),
    paused_at INTEGER NOT NULL,
    paused_by TEXT NOT NULL
) STRICT;

CREATE TABLE failed_attempts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL CHECK (queue = 'turn' OR queue = 'send' OR queue = 'job'),
    work_id INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    worker INTEGER,
    began_at INTEGER NOT NULL,  -- claimed; of a send, handed over
    failed_at INTEGER NOT NULL,
    error TEXT NOT NULL
) STRICT;
CREATE INDEX ix_failed_attempts_work ON failed_attempts (queue, work_id, id);

-- A dead turn that someone wants answered after all, before what came later.
ALTER TABLE turns ADD COLUMN reopened_at INTEGER;
CREATE INDEX ix_turns_reopened ON turns (conversation_id, first_message_id) WHERE reopened_at IS NOT NULL;
CREATE INDEX ix_turns_dead ON turns (id) WHERE outcome = 'dead';

-- Of the attempts since a person last wanted the send tried again; only these count against the limit.
ALTER TABLE sends ADD COLUMN first_attempt INTEGER NOT NULL DEFAULT 1;

CREATE INDEX ix_inbox_bodies ON inbox (received_at) WHERE state = 'done' AND body IS NOT NULL;

-- The device whose secret a webhook was verified with: it speaks for no device that has another one. Null: from before this column.
ALTER TABLE inbox ADD COLUMN verified_by INTEGER;
