DROP TABLE ignore_rules;
DROP TABLE contact_identities;
DROP TABLE contacts;
DROP TABLE agent_bindings;
DROP TABLE agents;
DROP TABLE devices;
DROP DOMAIN contact_name;
