-- Times are UTC epoch seconds, days ISO text, energy whole Wh, registers thousandths of their unit,
-- money whole 1e-5 units.
-- Null is "the portal gave none", never zero.

CREATE TABLE account (
    id INTEGER PRIMARY KEY,
    profile TEXT NOT NULL,
    member TEXT NOT NULL,
    number TEXT NOT NULL,
    UNIQUE (profile, number)
) STRICT;

CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    profile TEXT NOT NULL,
    member TEXT NOT NULL,
    kind TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    state TEXT,
    facts TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX run_member ON run (profile, member);

CREATE TABLE sign_in (
    run INTEGER NOT NULL REFERENCES run,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX sign_in_run ON sign_in (run);

-- The manifest of the archive.
CREATE TABLE artifact (
    id INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account,
    run INTEGER NOT NULL REFERENCES run,
    kind TEXT NOT NULL,
    sha TEXT NOT NULL,
    url TEXT NOT NULL,
    media_type TEXT NOT NULL,
    retrieved_at INTEGER NOT NULL,
    about TEXT NOT NULL,
    UNIQUE (account, kind, retrieved_at, sha, url, about)
) STRICT;

-- Which local days were answered, and when last.
CREATE TABLE coverage (
    account INTEGER NOT NULL REFERENCES account,
    stream TEXT NOT NULL CHECK (stream IN ('daily-usage', 'interval-usage')),
    day TEXT NOT NULL,
    missing INTEGER NOT NULL CHECK (missing IN (0, 1)),
    artifact INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, stream, day)
) STRICT, WITHOUT ROWID;

CREATE TABLE reading (
    account INTEGER NOT NULL REFERENCES account,
    direction INTEGER NOT NULL,
    start INTEGER NOT NULL,
    meter TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    wh INTEGER,
    quality INTEGER NOT NULL,
    reason TEXT,
    label TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    local_day TEXT NOT NULL,
    utc_offset INTEGER NOT NULL,
    artifact INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, direction, start, meter),
    CHECK ((wh IS NULL) = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX reading_day ON reading (account, local_day);
CREATE INDEX reading_null ON reading (account, direction, reason) WHERE wh IS NULL;

-- What a reading was before the artifact `replaced_by` told it otherwise, or of another meter.
CREATE TABLE reading_revision (
    account INTEGER NOT NULL REFERENCES account,
    direction INTEGER NOT NULL,
    start INTEGER NOT NULL,
    meter TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    wh INTEGER,
    quality INTEGER NOT NULL,
    reason TEXT,
    label TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    local_day TEXT NOT NULL,
    utc_offset INTEGER NOT NULL,
    artifact INTEGER NOT NULL REFERENCES artifact,
    replaced_by INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, direction, start, meter, replaced_by)
) STRICT, WITHOUT ROWID;

CREATE TABLE day_total (
    account INTEGER NOT NULL REFERENCES account,
    day TEXT NOT NULL,
    meter TEXT NOT NULL,
    wh INTEGER,
    end_reading INTEGER,
    cost INTEGER,
    artifact INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, day, meter)
) STRICT, WITHOUT ROWID;

CREATE TABLE day_total_revision (
    account INTEGER NOT NULL REFERENCES account,
    day TEXT NOT NULL,
    meter TEXT NOT NULL,
    wh INTEGER,
    end_reading INTEGER,
    cost INTEGER,
    artifact INTEGER NOT NULL REFERENCES artifact,
    replaced_by INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, day, meter, replaced_by)
) STRICT, WITHOUT ROWID;

CREATE TABLE account_detail (
    account INTEGER PRIMARY KEY REFERENCES account,
    service_address TEXT,
    rate TEXT,
    kind TEXT,
    settings TEXT NOT NULL,
    artifact INTEGER NOT NULL REFERENCES artifact
) STRICT;

CREATE TABLE bill (
    account INTEGER NOT NULL REFERENCES account,
    billing_date TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    due_date TEXT,
    read_date TEXT,
    net_wh INTEGER,
    first_artifact INTEGER NOT NULL REFERENCES artifact,
    artifact INTEGER NOT NULL REFERENCES artifact,
    pdf_state TEXT,
    pdf INTEGER REFERENCES artifact,
    PRIMARY KEY (account, billing_date, kind, amount)
) STRICT, WITHOUT ROWID;

CREATE TABLE payment (
    account INTEGER NOT NULL REFERENCES account,
    id TEXT NOT NULL,
    place INTEGER NOT NULL,
    day TEXT NOT NULL,
    kind TEXT NOT NULL,
    description TEXT NOT NULL,
    amount INTEGER NOT NULL,
    balance INTEGER NOT NULL,
    moves_balance INTEGER NOT NULL CHECK (moves_balance IN (0, 1)),
    first_artifact INTEGER NOT NULL REFERENCES artifact,
    artifact INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    account INTEGER NOT NULL REFERENCES account,
    day TEXT NOT NULL,
    text TEXT NOT NULL,
    first_artifact INTEGER NOT NULL REFERENCES artifact,
    artifact INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, day, text)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding (
    account INTEGER NOT NULL REFERENCES account,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    artifact INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, rule, subject)
) STRICT, WITHOUT ROWID;
