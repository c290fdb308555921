-- People sign in with accounts. A user principal is an account's membership in one organization.

CREATE TABLE account (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    -- Argon2id, as a PHC string; NULL for an account that signs in by OpenID Connect alone.
    password_hash TEXT,
    oidc_issuer TEXT,
    oidc_subject TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (oidc_issuer, oidc_subject)
) STRICT;

-- The account of a user; NULL while the user is invited.
ALTER TABLE principal ADD COLUMN account INTEGER REFERENCES account (number);
CREATE INDEX principal_by_account ON principal (account) WHERE account IS NOT NULL;

-- `hash` is the SHA-256 of the text in the cookie.
CREATE TABLE session (
    hash BLOB PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (number),
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX session_by_account ON session (account);
CREATE INDEX session_by_end ON session (expires_at);

-- `hash` is the SHA-256 of the secret in the link. A user has one invitation: a new one replaces the earlier.
CREATE TABLE invitation (
    hash BLOB PRIMARY KEY,
    principal INTEGER NOT NULL UNIQUE REFERENCES principal (number),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    accepted_at INTEGER
) STRICT;

-- How many sign-ins failed since a time. `key` is a hash of an email or of a client address.
CREATE TABLE sign_in_attempt (
    key BLOB PRIMARY KEY,
    since INTEGER NOT NULL,
    count INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_attempt_by_time ON sign_in_attempt (since);
