-- An item that is stored already is a duplicate, also by its name.
ALTER DOMAIN inbox_item_state DROP CONSTRAINT inbox_item_state_check;
UPDATE inbox_items SET state = 'duplicate' WHERE state = 'double';
ALTER DOMAIN inbox_item_state ADD CONSTRAINT inbox_item_state_check CHECK (VALUE IN ('done', 'duplicate', 'quarantined', 'unrouted'));
