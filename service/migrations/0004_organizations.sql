-- Organizations have names, and some administer the service.

ALTER TABLE organization ADD COLUMN name TEXT NOT NULL DEFAULT 'First organization';
ALTER TABLE organization ADD COLUMN is_operator INTEGER NOT NULL DEFAULT 0;
