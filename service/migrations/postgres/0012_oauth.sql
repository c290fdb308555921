-- OAuth 2.1: clients, consents, codes and refresh tokens.

-- A client is an application principal. `id` is the principal's, which no other client has. The other columns but the
-- second are JSON.
CREATE TABLE oauth_client (
    principal BIGINT PRIMARY KEY REFERENCES principal (number),
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    is_confidential BOOLEAN NOT NULL,
    redirect_uris TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    grant_types TEXT COLLATE "C" NOT NULL
);

-- The scopes, as JSON, that a user lets a client have. A withdrawn consent has no row.
CREATE TABLE oauth_consent (
    owner BIGINT NOT NULL REFERENCES principal (number),
    client BIGINT NOT NULL REFERENCES oauth_client (principal),
    scopes TEXT COLLATE "C" NOT NULL,
    given_at BIGINT NOT NULL,
    PRIMARY KEY (owner, client)
);

-- `hash` is the SHA-256 of the code. A code that was used names the family that it was used for, and stays until it is old.
CREATE TABLE oauth_code (
    hash BYTEA PRIMARY KEY,
    client BIGINT NOT NULL REFERENCES oauth_client (principal),
    owner BIGINT NOT NULL REFERENCES principal (number),
    -- As the authorization request had it; NULL if it had none.
    redirect_uri TEXT COLLATE "C",
    -- The SHA-256 of the verifier (RFC 7636), in base64url.
    challenge TEXT COLLATE "C" NOT NULL,
    scopes TEXT COLLATE "C" NOT NULL,
    -- The thumbprint of the key that the code is bound to (RFC 9449, section 10), if any.
    jkt TEXT COLLATE "C",
    expires_at BIGINT NOT NULL,
    family BIGINT REFERENCES token (number)
);

CREATE INDEX oauth_code_by_end ON oauth_code (expires_at);
CREATE INDEX oauth_code_unused ON oauth_code (owner, client) WHERE family IS NULL;

-- A family: all refresh tokens that descend from one code. It is one token of the kind `oauthRefresh`, which is the root of
-- its access tokens and which is revoked as a whole. No text has that token's hash.
CREATE TABLE oauth_family (
    token BIGINT PRIMARY KEY REFERENCES token (number),
    client BIGINT NOT NULL REFERENCES oauth_client (principal),
    owner BIGINT NOT NULL REFERENCES principal (number),
    -- The thumbprint of the key that its refresh tokens are bound to (RFC 9449, section 5), if any.
    jkt TEXT COLLATE "C"
);

CREATE INDEX oauth_family_by_client ON oauth_family (client, owner, token);

-- `hash` is the SHA-256 of the refresh token. One that was used stays, so that its second use is noticed: the last thousand
-- of a family. Each has one successor at most.
CREATE TABLE oauth_refresh_token (
    hash BYTEA PRIMARY KEY,
    family BIGINT NOT NULL REFERENCES oauth_family (token),
    -- 1, and 1 more with each use.
    generation BIGINT NOT NULL,
    used_at BIGINT,
    UNIQUE (family, generation)
);

-- Authorization requests that are kept for a while: pushed ones (RFC 9126). `hash` is the SHA-256 of the text by which each
-- is found once.
CREATE TABLE oauth_request (
    hash BYTEA PRIMARY KEY,
    client BIGINT NOT NULL REFERENCES oauth_client (principal),
    -- As JSON.
    parameters TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL
);

CREATE INDEX oauth_request_by_end ON oauth_request (expires_at);
