-- The private part of a signing key is sealed by a master key, which has no copy in the store, or not sealed if an earlier
-- version stored it and this one has not started since. `master_key` is the master key's id.

ALTER TABLE signing_key RENAME COLUMN pkcs8 TO private_key;
ALTER TABLE signing_key ADD COLUMN master_key TEXT;
