-- Bundle references that are redeemed once.

-- What a redemption gives, as JSON: the grants of a signed bundle. NULL for a reference that is a token itself and can be
-- redeemed often.
ALTER TABLE bundle ADD COLUMN grants TEXT;
-- The bundle's sealed parameters: a JWE, whose key the store does not have.
ALTER TABLE bundle ADD COLUMN sealed TEXT;
-- The first redemption, and who made it: a SHA-256.
ALTER TABLE bundle ADD COLUMN redeemed_at INTEGER;
ALTER TABLE bundle ADD COLUMN redeemer BLOB;
