-- What only stood in sentences, in words that are decided by. The sentences stay, for people.

-- Why a turn ended as it did. `reason` says it in more words: which rule, which ignore rule, which agents were passed over.
ALTER TABLE turns ADD COLUMN reason_kind TEXT
    CHECK (reason_kind = 'rule' OR reason_kind = 'fallback' OR reason_kind = 'empty_reply' OR reason_kind = 'no_rule' OR reason_kind = 'no_agent' OR reason_kind = 'ignored' OR reason_kind = 'blocked' OR reason_kind = 'human' OR reason_kind = 'revoked' OR reason_kind = 'window_closed' OR reason_kind = 'loop_limit' OR reason_kind = 'device_inactive' OR reason_kind = 'failed' OR reason_kind = 'cancelled');
UPDATE turns SET reason_kind = CASE
    WHEN outcome = 'dead' THEN 'failed'
    WHEN reason LIKE '%, an empty reply' THEN 'empty_reply'
    WHEN reason LIKE 'rule %' THEN 'rule'
    WHEN reason = 'no agent' OR reason LIKE 'no agent: %' THEN 'no_agent'
    WHEN reason = 'no rule matched' THEN 'no_rule'
    WHEN reason = 'loop limit' THEN 'loop_limit'
    WHEN reason = 'device inactive' THEN 'device_inactive'
    WHEN reason = 'window closed' THEN 'window_closed'
    WHEN reason = 'fallback' OR reason = 'blocked' OR reason = 'human' OR reason = 'revoked' OR reason = 'cancelled' THEN reason
    ELSE 'ignored'
END WHERE outcome IS NOT NULL AND (reason IS NOT NULL OR outcome = 'dead');

-- What put a device in `error`: the provider's news of its account, which news may lift, or a refusal of what it sent.
ALTER TABLE devices ADD COLUMN error_kind TEXT CHECK (error_kind = 'account_event' OR error_kind = 'send_refused');
UPDATE devices SET error_kind = CASE WHEN last_error LIKE 'account: %' THEN 'account_event' ELSE 'send_refused' END WHERE status = 'error';

-- The provider's code of a refusal, or ours for what never reached it.
ALTER TABLE sends ADD COLUMN error_code TEXT;
UPDATE sends SET error_code = substr(last_error, 1, strpos(last_error, ':') - 1)
WHERE CASE WHEN strpos(last_error, ':') > 1 THEN strpos(substr(last_error, 1, strpos(last_error, ':') - 1), ' ') = 0 ELSE FALSE END;
ALTER TABLE failed_attempts ADD COLUMN error_code TEXT;
UPDATE failed_attempts SET error_code = substr(error, 1, strpos(error, ':') - 1)
WHERE queue = 'send' AND CASE WHEN strpos(error, ':') > 1 THEN strpos(substr(error, 1, strpos(error, ':') - 1), ' ') = 0 ELSE FALSE END;

-- How the actor signed in, as the audit log has it.
ALTER TABLE changes ADD COLUMN actor_kind TEXT NOT NULL DEFAULT 'system';
UPDATE changes SET actor_kind = 'cli' WHERE actor LIKE 'cli:%';
