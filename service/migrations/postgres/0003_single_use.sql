-- Bundle references that are redeemed once.

ALTER TABLE bundle
    -- What a redemption gives, as JSON: the grants of a signed bundle. NULL for a reference that is a token itself and
    -- can be redeemed often.
    ADD COLUMN grants TEXT COLLATE "C",
    -- The bundle's sealed parameters: a JWE, whose key the store does not have.
    ADD COLUMN sealed TEXT COLLATE "C",
    -- The first redemption, and who made it: a SHA-256.
    ADD COLUMN redeemed_at BIGINT,
    ADD COLUMN redeemer BYTEA;
