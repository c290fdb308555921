-- The level of a revoked JWT has the name that the feed serves.

UPDATE revocation SET level = 'jwt' WHERE level = 'signed';
