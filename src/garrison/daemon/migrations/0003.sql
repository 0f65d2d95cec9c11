-- Where the journal begins, once old rows were cut off: the chain goes on from that of the newest row that was cut.
CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    event INTEGER NOT NULL,    -- id of the newest row that was cut, 0 when none was
    chain BLOB NOT NULL,       -- of that row
    cut INTEGER NOT NULL,      -- how many rows were cut in all
    broken INTEGER NOT NULL    -- id of the first row that did not follow from the one before when it was cut, or 0
) STRICT;
INSERT INTO checkpoint VALUES (1, 0, zeroblob(32), 0, 0);
