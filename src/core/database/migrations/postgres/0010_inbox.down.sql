ALTER TABLE inbox DROP CONSTRAINT inbox_digest_kind_key, ADD CONSTRAINT inbox_kind_digest_key UNIQUE (kind, digest),
    ADD CONSTRAINT inbox_device_id_fkey FOREIGN KEY (device_id) REFERENCES devices (id);
