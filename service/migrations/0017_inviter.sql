-- An invitation ends with the user who made it.

-- NULL for one that a token, the operator or an earlier version made.
ALTER TABLE invitation ADD COLUMN inviter INTEGER REFERENCES principal (number);
