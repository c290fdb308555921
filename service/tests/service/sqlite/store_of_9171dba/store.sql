-- Made by make.sh with commit 9171dba.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE organization (
    id TEXT PRIMARY KEY,
    created_at INTEGER NOT NULL
, revoked_at INTEGER, issued_before INTEGER) STRICT;
INSERT INTO organization VALUES('org_Mfp9BWglBbActhjyaN4m5A',1796056965,NULL,NULL);
CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    pkcs8 BLOB NOT NULL,
    created_at INTEGER NOT NULL
, signs_from INTEGER NOT NULL DEFAULT 0, revoked_at INTEGER) STRICT;
INSERT INTO signing_key VALUES('4GcYwd2hrKckmRudqnaqV6Iau6qjixSk0B9iZsTuuwk',X'3051020101300506032b65700422042001f5b41213a9578c71f9e6b6afbefbb85c49a9024515928ad9d65bf026c68ab28121002cb66fdac41f254f40b3693ecb38feb287b8d5b1116d9675502cbed1c25ae248',1796056965,1796056965,NULL);
INSERT INTO signing_key VALUES('QzsPwQA_LPRHwIFKtNYO28WzsArGMO9hAe6toAzy4xQ',X'3051020101300506032b6570042204207d4905396b7853c6037d6ef11d5da62295c88e023a11da37b20d649e5d0c9a8e812100f90108160696930d8adb38105a758b5bf486f6a14397d08f6f91b354ad6852b9',1796056966,1796056966,NULL);
CREATE TABLE token (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    hash BLOB NOT NULL UNIQUE,
    organization TEXT NOT NULL REFERENCES organization (id),
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    grants TEXT NOT NULL,
    origins TEXT NOT NULL,
    last_chars TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) STRICT;
INSERT INTO token VALUES(1,X'84634540a1ab3845fa942bf8d6b8b567e2f777667a9af1998660cb01ac624313','org_Mfp9BWglBbActhjyaN4m5A','tok_DLYYA1-ZtFdKkTdK0I73qA','secret','Admin','[{"tenant":"org_Mfp9BWglBbActhjyaN4m5A","scopes":["bundle:create","customAttributeValues:readPrivate","customAttributeValues:readPublic","customAttributeValues:write","customAttributes:read","customAttributes:write","extension:create","extension:delete","extension:query","extension:update","floor:archive","floor:export","floor:queryPrivate","floor:queryPublic","floor:readPrivate","floor:readPublic","floor:update","token:create","token:introspect","token:read","token:revoke"]}]','[]','k1Rf',1796056965,NULL,NULL);
INSERT INTO token VALUES(2,X'db304ffbad879316ea68754439ddca9d0ba0da7621557eeb2cf59605c9d08de5','org_Mfp9BWglBbActhjyaN4m5A','tok_yt5ZcW3_So8sFD6TY9ALwA','secret','Backend','[{"tenant":"org_Mfp9BWglBbActhjyaN4m5A","scopes":["customAttributeValues:readPrivate","customAttributeValues:readPublic","customAttributeValues:write","customAttributes:read","customAttributes:write","extension:create","extension:delete","extension:query","extension:update","floor:archive","floor:export","floor:queryPrivate","floor:queryPublic","floor:readPrivate","floor:readPublic","floor:update"]}]','[]','vCnZ',1796056965,NULL,NULL);
INSERT INTO token VALUES(3,X'7aabbdac63c23eb51ccd88ee7fd79b623486e48b21c1045febb2046283e70f17','org_Mfp9BWglBbActhjyaN4m5A','tok_Mc6iZj_tefZ7xtgw27WTPA','secret','API','[{"tenant":"org_Mfp9BWglBbActhjyaN4m5A","scopes":["token:introspect"]}]','[]','Fpie',1796056965,NULL,NULL);
INSERT INTO token VALUES(4,X'0adff57a80a370ecb93b343633b679a3417c99491249c36d79cc8ff7ed2b7725','org_Mfp9BWglBbActhjyaN4m5A','tok_5j3itcsf1bQyuAODCQSaHA','publishable','Site','[{"tenant":"org_Mfp9BWglBbActhjyaN4m5A","scopes":["customAttributeValues:readPublic","customAttributes:read","floor:queryPublic","floor:readPublic"]}]','["*.example.com"]','c1l2',1796056965,NULL,NULL);
INSERT INTO token VALUES(5,X'f69638149291567e438769a919fd38c0ec53a7a4fb5264fdf658d0e0e1bf1150','org_Mfp9BWglBbActhjyaN4m5A','northlight','application','Partner','[{"tenant":"org_Mfp9BWglBbActhjyaN4m5A","scopes":["bundle:create","floor:readPrivate"]}]','[]','LmjK',1796056966,NULL,NULL);
INSERT INTO token VALUES(6,X'7b21674acabe7c74572554c5c6910a00f1f3934b53dbe578400f2620e8e0b160','org_Mfp9BWglBbActhjyaN4m5A','tok_wZ9aKnyozIXDc1I6-Kfh5A','secret','Revoked','[{"tenant":"org_Mfp9BWglBbActhjyaN4m5A","scopes":["customAttributeValues:readPrivate","customAttributeValues:readPublic","customAttributeValues:write","customAttributes:read","customAttributes:write","extension:create","extension:delete","extension:query","extension:update","floor:archive","floor:export","floor:queryPrivate","floor:queryPublic","floor:readPrivate","floor:readPublic","floor:update"]}]','[]','kGbj',1796056966,NULL,1796056966);
INSERT INTO token VALUES(7,X'2d3f6f90d922fdddda3c32b778cb0e273660ed23f0fefac6d21a803ebc7a6079','org_Mfp9BWglBbActhjyaN4m5A','gone','application','Gone','[{"tenant":"org_Mfp9BWglBbActhjyaN4m5A","scopes":["bundle:create"]}]','[]','hYRN',1796056966,NULL,1796056966);
INSERT INTO token VALUES(8,X'977d948519f215275dd80b5bac1f40f0c694867b8520f863b24bdcc51db900a3','org_Mfp9BWglBbActhjyaN4m5A','bun_d_XLSs1ZO7hsFCy8-Szj8Q','bundle','Bundle of northlight','[{"tenant":"org_Mfp9BWglBbActhjyaN4m5A","scopes":["floor:readPrivate"]}]','[]','FZYV',1796056966,1796060566,NULL);
CREATE TABLE bundle (
    token INTEGER PRIMARY KEY REFERENCES token (number) ON DELETE CASCADE,
    parent INTEGER NOT NULL REFERENCES token (number),
    parameters BLOB NOT NULL
) STRICT;
INSERT INTO bundle VALUES(8,5,X'79d276c7fba74bbc712f926e5f9f97a8c7d49904d9bb657e1704646177a303704e220613330be792aa');
CREATE TABLE revocation (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    organization TEXT REFERENCES organization (id),
    level TEXT NOT NULL,
    name TEXT NOT NULL
) STRICT;
INSERT INTO revocation VALUES(1,1796056966,'org_Mfp9BWglBbActhjyaN4m5A','token','6');
INSERT INTO revocation VALUES(2,1796056966,'org_Mfp9BWglBbActhjyaN4m5A','token','7');
INSERT INTO revocation VALUES(3,1796056966,'org_Mfp9BWglBbActhjyaN4m5A','signed','ynxmQhEqPKprnYi5DIuEmA');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('revocation',3);
INSERT INTO sqlite_sequence VALUES('token',8);
CREATE INDEX token_by_id ON token (organization, id);
CREATE INDEX bundle_by_parent ON bundle (parent);
CREATE INDEX bundle_by_end ON token (expires_at) WHERE kind = 'bundle';
CREATE INDEX revocation_by_name ON revocation (level, name);
CREATE INDEX revocation_by_time ON revocation (at);
CREATE VIEW record AS
SELECT token.number, token.hash, token.organization, token.id, token.kind, token.name, token.grants, token.origins,
       token.last_chars, token.created_at, token.expires_at, bundle.parent,
       coalesce(token.revoked_at, parent.revoked_at, organization.revoked_at,
                iif(token.created_at < organization.issued_before, organization.issued_before, NULL)) AS revoked_at
FROM token
JOIN organization ON organization.id = token.organization
LEFT JOIN bundle ON bundle.token = token.number
LEFT JOIN token AS parent ON parent.number = bundle.parent;
COMMIT;
PRAGMA user_version = 2;
