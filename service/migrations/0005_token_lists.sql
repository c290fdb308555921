-- Lists of tokens are read newest first, a page at a time: with a million tokens a page costs what it does with a
-- hundred. Bundle references are listed only as a kind.

CREATE INDEX token_listed ON token (organization, number) WHERE kind <> 'bundle';
CREATE INDEX token_by_kind ON token (organization, kind, number);

-- The active tokens of a kind are those that never expire and those that expire later than now: two ranges of this
-- index, of which a limit reads no more than it allows.
CREATE INDEX token_by_expiry ON token (organization, kind, expires_at, created_at)
    WHERE revoked_at IS NULL AND kind <> 'bundle';
