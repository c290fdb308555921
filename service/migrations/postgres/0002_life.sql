-- Tokens are edited, and organizations suspended.

ALTER TABLE organization
    ADD COLUMN suspended_at BIGINT,
    -- How many active tokens of each kind it may have, as JSON; NULL for the defaults.
    ADD COLUMN limits TEXT COLLATE "C";

ALTER TABLE token
    ADD COLUMN version BIGINT NOT NULL DEFAULT 1,
    -- The id of the token that created it.
    ADD COLUMN created_by TEXT COLLATE "C",
    ADD COLUMN last_used_at BIGINT;

-- Of the levels `suspended` and `resumed` the feed keeps an organization's newest entry only. The name of the level
-- `changed` is the token's number and its version, with a space between.

DROP VIEW record;
CREATE VIEW record AS
SELECT token.number, token.hash, token.organization, token.id, token.kind, token.name, token.grants, token.origins,
       token.last_chars, token.created_at, token.created_by, token.expires_at, token.last_used_at, token.version,
       bundle.parent, organization.suspended_at,
       coalesce(token.revoked_at, parent.revoked_at, organization.revoked_at,
                CASE WHEN token.created_at < organization.issued_before THEN organization.issued_before END)
           AS revoked_at
FROM token
JOIN organization ON organization.id = token.organization
LEFT JOIN bundle ON bundle.token = token.number
LEFT JOIN token AS parent ON parent.number = bundle.parent;
