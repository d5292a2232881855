DROP TABLE workers;
DROP TABLE changes;
DROP TABLE device_pacing;
DROP TABLE sends;
DROP TABLE turn_steps;
DROP TABLE turns;
DROP TABLE message_statuses;
DROP TABLE messages;
DROP TABLE conversations;
DROP TABLE inbox_items;
DROP TABLE drain_shards;
DROP TABLE inbox;
DROP DOMAIN natural_number, kind_name, inbox_state, inbox_item_state, conversation_key, conversation_status, conversation_control,
    lane_state, message_direction, message_sender, message_status, turn_outcome, send_state, uncertain_policy;
