-- The newest mark of the feed when a key was added, or set to sign at once. Its predecessor expires by later marks too, because
-- the clock may have been wrong.

ALTER TABLE signing_key ADD COLUMN mark BIGINT NOT NULL DEFAULT 0;
