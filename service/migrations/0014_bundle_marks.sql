-- Bundle references are deleted by the marks of the feed that follow them. The clock that dated their ends may be wrong.

-- The newest mark when the reference was made.
ALTER TABLE bundle ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;
UPDATE bundle SET mark = (SELECT max(number) FROM feed_mark);

CREATE INDEX bundle_by_mark ON bundle (mark);
DROP INDEX bundle_by_end;
