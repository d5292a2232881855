-- An item that is stored already is a duplicate, also by its name.
ALTER TABLE inbox_items RENAME TO inbox_items_before;
CREATE TABLE inbox_items (
    inbox_id INTEGER NOT NULL REFERENCES inbox (id),
    position INTEGER NOT NULL,
    device_id INTEGER,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state = 'done' OR state = 'duplicate' OR state = 'quarantined' OR state = 'unrouted'),
    error TEXT,
    message_id INTEGER,
    PRIMARY KEY (inbox_id, position)
) STRICT;
INSERT INTO inbox_items SELECT inbox_id, position, device_id, kind, CASE state WHEN 'double' THEN 'duplicate' ELSE state END, error, message_id FROM inbox_items_before;
DROP TABLE inbox_items_before;
