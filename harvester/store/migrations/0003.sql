-- How many readings of each kind there are, kept by whoever writes readings: nobody counts millions.
-- No reason is ''.
CREATE TABLE reading_count (
    account INTEGER NOT NULL REFERENCES account,
    direction INTEGER NOT NULL,
    quality INTEGER NOT NULL,
    reason TEXT NOT NULL,
    hours INTEGER NOT NULL,
    PRIMARY KEY (account, direction, quality, reason)
) STRICT, WITHOUT ROWID;

INSERT INTO reading_count
SELECT account, direction, quality, coalesce(reason, ''), count(*) FROM reading GROUP BY 1, 2, 3, 4;

-- What is wrong or missing is little beside what holds and is there.
CREATE INDEX finding_wrong ON finding (account, rule, subject) WHERE message <> '';
CREATE INDEX coverage_missing ON coverage (account, stream, day) WHERE missing = 1;
