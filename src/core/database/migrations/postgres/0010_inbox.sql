-- A webhook waits for its row: the server does no more for it than it must. Devices are never deleted, so that a reference to one cannot break, and
-- digests differ in their first octets, where kinds are nearly always the same.
ALTER TABLE inbox DROP CONSTRAINT inbox_device_id_fkey, DROP CONSTRAINT inbox_kind_digest_key, ADD CONSTRAINT inbox_digest_kind_key UNIQUE (digest, kind);
