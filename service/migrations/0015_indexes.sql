-- What one organization reads costs no scan of what others have.

-- A page of the feed is two ranges of this index: the organization's entries, and those for all.
CREATE INDEX revocation_by_organization ON revocation (organization, seq);
-- An organization's newest entry of a time.
CREATE INDEX revocation_of_time ON revocation (organization, seq) WHERE level IN ('issuedBefore', 'issuedUpTo');
-- The tokens that a new catalogue is compared with, in their order.
CREATE INDEX token_by_number ON token (number) WHERE kind <> 'bundle';
