DROP TABLE templates;
DROP TABLE account_events;
DROP INDEX ix_messages_amends_hash;
ALTER TABLE messages DROP COLUMN amends_hash;
ALTER TABLE messages DROP COLUMN revoked_at;
ALTER TABLE messages DROP COLUMN edited_at;
DROP TABLE contact_notes;
ALTER TABLE contacts DROP COLUMN marketing_at;
ALTER TABLE contacts DROP COLUMN marketing;
DROP DOMAIN marketing_wish;
DELETE FROM contact_identities WHERE kind = 'parent';
ALTER TABLE contact_identities DROP CONSTRAINT contact_identities_kind_check;
ALTER TABLE contact_identities ADD CONSTRAINT contact_identities_kind_check
    CHECK (kind = 'phone' OR kind = 'bsuid' OR kind = 'lid' OR kind = 'jid' OR kind = 'chat');
