-- Events. chain: SHA-256 over the chain of the row before and this row, so that a changed or missing row shows.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,          -- ISO 8601 with milliseconds and zone
    component TEXT NOT NULL,
    name TEXT NOT NULL,
    severity TEXT NOT NULL,
    owner INTEGER NOT NULL,    -- uid of the account it concerns
    says TEXT NOT NULL,        -- the sentence with {names}
    details TEXT NOT NULL,     -- JSON, plain ASCII
    chain BLOB NOT NULL
) STRICT;
CREATE INDEX event_at ON event (at);

-- Questions to people.
CREATE TABLE question (
    id INTEGER PRIMARY KEY,
    component TEXT NOT NULL,
    name TEXT NOT NULL,
    owner INTEGER NOT NULL,
    asked TEXT NOT NULL,
    says TEXT NOT NULL,
    details TEXT NOT NULL,
    choices TEXT NOT NULL,     -- JSON: id -> what the button says
    fallback TEXT NOT NULL,    -- the choice when nobody answers
    until TEXT NOT NULL,
    answer TEXT,
    answered TEXT,
    answered_by INTEGER        -- uid; NULL when time was up
) STRICT;

-- Consents, given and withdrawn: the newest row of an account and a purpose is in force.
CREATE TABLE consent (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    uid INTEGER NOT NULL,
    component TEXT NOT NULL,
    purpose TEXT NOT NULL,
    text_sha256 TEXT NOT NULL, -- of the words that were agreed to
    given INTEGER NOT NULL CHECK (given IN (0, 1))
) STRICT;
