ALTER DOMAIN inbox_item_state DROP CONSTRAINT inbox_item_state_check;
UPDATE inbox_items SET state = 'double' WHERE state = 'duplicate';
ALTER DOMAIN inbox_item_state ADD CONSTRAINT inbox_item_state_check CHECK (VALUE IN ('done', 'double', 'quarantined', 'unrouted'));
