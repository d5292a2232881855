DROP TABLE service_warnings;
