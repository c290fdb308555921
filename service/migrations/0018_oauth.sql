-- OAuth 2.1: clients, consents, codes and refresh tokens.

-- A client is an application principal. `id` is the principal's, which no other client has. The other columns but the
-- second are JSON.
CREATE TABLE oauth_client (
    principal INTEGER PRIMARY KEY REFERENCES principal (number),
    id TEXT NOT NULL UNIQUE,
    is_confidential INTEGER NOT NULL,
    redirect_uris TEXT NOT NULL,
    scopes TEXT NOT NULL,
    grant_types TEXT NOT NULL
) STRICT;

-- The scopes, as JSON, that a user lets a client have. A withdrawn consent has no row.
CREATE TABLE oauth_consent (
    owner INTEGER NOT NULL REFERENCES principal (number),
    client INTEGER NOT NULL REFERENCES oauth_client (principal),
    scopes TEXT NOT NULL,
    given_at INTEGER NOT NULL,
    PRIMARY KEY (owner, client)
) STRICT;

-- `hash` is the SHA-256 of the code. A code that was used names the family that it was used for, and stays until it is old.
CREATE TABLE oauth_code (
    hash BLOB PRIMARY KEY,
    client INTEGER NOT NULL REFERENCES oauth_client (principal),
    owner INTEGER NOT NULL REFERENCES principal (number),
    -- As the authorization request had it; NULL if it had none.
    redirect_uri TEXT,
    -- The SHA-256 of the verifier (RFC 7636), in base64url.
    challenge TEXT NOT NULL,
    scopes TEXT NOT NULL,
    -- The thumbprint of the key that the code is bound to (RFC 9449, section 10), if any.
    jkt TEXT,
    expires_at INTEGER NOT NULL,
    family INTEGER REFERENCES token (number)
) STRICT;

CREATE INDEX oauth_code_by_end ON oauth_code (expires_at);
CREATE INDEX oauth_code_unused ON oauth_code (owner, client) WHERE family IS NULL;

-- A family: all refresh tokens that descend from one code. It is one token of the kind `oauthRefresh`, which is the root of
-- its access tokens and which is revoked as a whole. No text has that token's hash.
CREATE TABLE oauth_family (
    token INTEGER PRIMARY KEY REFERENCES token (number),
    client INTEGER NOT NULL REFERENCES oauth_client (principal),
    owner INTEGER NOT NULL REFERENCES principal (number),
    -- The thumbprint of the key that its refresh tokens are bound to (RFC 9449, section 5), if any.
    jkt TEXT
) STRICT;

CREATE INDEX oauth_family_by_client ON oauth_family (client, owner, token);

-- `hash` is the SHA-256 of the refresh token. One that was used stays, so that its second use is noticed: the last thousand
-- of a family. Each has one successor at most.
CREATE TABLE oauth_refresh_token (
    hash BLOB PRIMARY KEY,
    family INTEGER NOT NULL REFERENCES oauth_family (token),
    -- 1, and 1 more with each use.
    generation INTEGER NOT NULL,
    used_at INTEGER,
    UNIQUE (family, generation)
) STRICT;

-- Authorization requests that are kept for a while: pushed ones (RFC 9126). `hash` is the SHA-256 of the text by which each
-- is found once.
CREATE TABLE oauth_request (
    hash BLOB PRIMARY KEY,
    client INTEGER NOT NULL REFERENCES oauth_client (principal),
    -- As JSON.
    parameters TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX oauth_request_by_end ON oauth_request (expires_at);
