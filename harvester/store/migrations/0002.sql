-- A moment of retrieval is kept to the microsecond: it orders what came home, in whatever order it
-- is filed.
UPDATE artifact SET retrieved_at = retrieved_at * 1000000;

-- Decimal places that a day's total was printed with: they say how exact it is.
ALTER TABLE day_total ADD COLUMN places INTEGER NOT NULL DEFAULT 0;
ALTER TABLE day_total_revision ADD COLUMN places INTEGER NOT NULL DEFAULT 0;

-- What a bill's own document says; quantities and prices are decimals as printed.
CREATE TABLE statement (
    account INTEGER NOT NULL REFERENCES account,
    billing_date TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    layout TEXT NOT NULL,
    printed_date TEXT,
    due_date TEXT,
    service_from TEXT,
    service_to TEXT,
    days INTEGER,
    rate TEXT,
    wh INTEGER,
    received_wh INTEGER,
    current_charges INTEGER,
    levelized INTEGER,
    total INTEGER,
    after_due INTEGER,
    artifact INTEGER NOT NULL REFERENCES artifact,
    PRIMARY KEY (account, billing_date, kind, amount)
) STRICT, WITHOUT ROWID;

CREATE TABLE register_read (
    account INTEGER NOT NULL REFERENCES account,
    billing_date TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    place INTEGER NOT NULL,
    meter TEXT NOT NULL,
    direction INTEGER NOT NULL,
    service_from TEXT,
    service_to TEXT,
    previous INTEGER,
    present INTEGER,
    multiplier INTEGER,
    wh INTEGER,
    page INTEGER NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    PRIMARY KEY (account, billing_date, kind, amount, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE line_item (
    account INTEGER NOT NULL REFERENCES account,
    billing_date TEXT NOT NULL,
    kind TEXT NOT NULL,
    amount INTEGER NOT NULL,
    place INTEGER NOT NULL,
    label TEXT NOT NULL,
    component TEXT NOT NULL,
    quantity TEXT,
    unit TEXT,
    unit_price TEXT,
    charge INTEGER NOT NULL,
    page INTEGER NOT NULL,
    x REAL NOT NULL,
    y REAL NOT NULL,
    PRIMARY KEY (account, billing_date, kind, amount, place)
) STRICT, WITHOUT ROWID;

-- The outcome of each rule on each subject; no message where it holds.  `origin` is the kind of
-- artifact that says it, or what of the catalog it compares.  `since` is when that came home.
DROP TABLE finding;
CREATE TABLE finding (
    account INTEGER NOT NULL REFERENCES account,
    origin TEXT NOT NULL,
    rule TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    residual TEXT,
    tolerance TEXT,
    since INTEGER NOT NULL,
    PRIMARY KEY (account, origin, rule, subject)
) STRICT, WITHOUT ROWID;
