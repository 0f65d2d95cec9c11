-- Where the journal ends, so that rows missing from its end show, too.
CREATE TABLE head (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    event INTEGER NOT NULL,    -- id of the newest row
    chain BLOB NOT NULL
) STRICT;
INSERT INTO head SELECT 1, 0, zeroblob(32);
UPDATE head SET (event, chain) = (SELECT id, chain FROM event ORDER BY id DESC LIMIT 1)
    WHERE EXISTS (SELECT 1 FROM event);
CREATE TRIGGER event_added AFTER INSERT ON event BEGIN
    UPDATE head SET event = NEW.id, chain = NEW.chain;
END;

-- Whether the component that asked has got the answer: 0 when the suite ended in between.
ALTER TABLE question ADD COLUMN delivered INTEGER NOT NULL DEFAULT 0 CHECK (delivered IN (0, 1));
