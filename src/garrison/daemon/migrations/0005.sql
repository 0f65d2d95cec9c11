-- What people are told, until they have read it. Numbers are never used twice, and those of questions are others, so
-- that one number in the inbox means one thing.
CREATE TABLE notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    component TEXT NOT NULL,
    name TEXT NOT NULL,
    severity TEXT NOT NULL,
    owner INTEGER NOT NULL,    -- uid of the account that is told
    says TEXT NOT NULL,        -- the sentence with {names}
    details TEXT NOT NULL,     -- JSON, plain ASCII
    more INTEGER NOT NULL,     -- how many of the same kind came with it
    on_desktop INTEGER NOT NULL CHECK (on_desktop IN (0, 1))
) STRICT;
CREATE TABLE notice_read (
    notice INTEGER NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    uid INTEGER NOT NULL,
    PRIMARY KEY (notice, uid)
) STRICT, WITHOUT ROWID;

-- Answers that an account wants given from now on without being asked.
CREATE TABLE remembered (
    component TEXT NOT NULL,
    name TEXT NOT NULL,
    owner INTEGER NOT NULL,
    choice TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (component, name, owner)
) STRICT, WITHOUT ROWID;
