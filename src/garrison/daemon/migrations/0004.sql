-- Which kinds of events there are, and where the rows of each kind stand, so that a page of a long report is found at
-- once. All of it is made of the rows themselves; what proves anything is their chain.
CREATE TABLE kind (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL,
    component TEXT NOT NULL,
    name TEXT NOT NULL,
    severity TEXT NOT NULL,
    says TEXT NOT NULL,        -- of the newest row
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,    -- no row of the kind is older than the one of this id
    last INTEGER NOT NULL,
    UNIQUE (owner, component, name, severity)
) STRICT;
CREATE TABLE place (
    kind INTEGER NOT NULL,
    event INTEGER NOT NULL,
    PRIMARY KEY (kind, event)
) STRICT, WITHOUT ROWID;

-- How many rows of a kind there are of an hour.
CREATE TABLE tally (
    kind INTEGER NOT NULL,
    hour INTEGER NOT NULL,     -- hours since 1970 in UTC
    count INTEGER NOT NULL,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    PRIMARY KEY (kind, hour)
) STRICT, WITHOUT ROWID;

INSERT INTO kind (owner, component, name, severity, says, count, first, last)
    SELECT owner, component, name, severity, max(says), count(*), min(id), max(id) FROM event
    GROUP BY owner, component, name, severity;
INSERT INTO place SELECT kind.id, event.id FROM event JOIN kind USING (owner, component, name, severity);
INSERT INTO tally
    SELECT kind.id, coalesce(CAST(strftime('%s', event.at) AS INTEGER), 0) / 3600, count(*), min(event.id), max(event.id)
    FROM event JOIN kind USING (owner, component, name, severity) GROUP BY 1, 2;
DROP INDEX event_at;

CREATE TRIGGER event_told AFTER INSERT ON event BEGIN
    INSERT INTO kind (owner, component, name, severity, says, count, first, last)
        VALUES (NEW.owner, NEW.component, NEW.name, NEW.severity, NEW.says, 1, NEW.id, NEW.id)
        ON CONFLICT DO UPDATE SET says = NEW.says, count = count + 1, first = min(first, NEW.id),
            last = max(last, NEW.id);
    INSERT INTO place SELECT id, NEW.id FROM kind WHERE owner = NEW.owner AND component = NEW.component
        AND name = NEW.name AND severity = NEW.severity;
    INSERT INTO tally
        SELECT id, coalesce(CAST(strftime('%s', NEW.at) AS INTEGER), 0) / 3600, 1, NEW.id, NEW.id FROM kind
        WHERE owner = NEW.owner AND component = NEW.component AND name = NEW.name AND severity = NEW.severity
        ON CONFLICT DO UPDATE SET count = count + 1, first = min(first, NEW.id), last = max(last, NEW.id);
END;
CREATE TRIGGER event_gone AFTER DELETE ON event BEGIN
    DELETE FROM place WHERE event = OLD.id AND kind = (SELECT id FROM kind WHERE owner = OLD.owner
        AND component = OLD.component AND name = OLD.name AND severity = OLD.severity);
    UPDATE tally SET count = count - 1 WHERE hour = coalesce(CAST(strftime('%s', OLD.at) AS INTEGER), 0) / 3600
        AND kind = (SELECT id FROM kind WHERE owner = OLD.owner AND component = OLD.component AND name = OLD.name
            AND severity = OLD.severity);
    DELETE FROM tally WHERE hour = coalesce(CAST(strftime('%s', OLD.at) AS INTEGER), 0) / 3600 AND count <= 0
        AND kind = (SELECT id FROM kind WHERE owner = OLD.owner AND component = OLD.component AND name = OLD.name
            AND severity = OLD.severity);
    UPDATE kind SET count = count - 1 WHERE owner = OLD.owner AND component = OLD.component AND name = OLD.name
        AND severity = OLD.severity;
END;

-- What proves that head and checkpoint are those that the suite wrote.
CREATE TABLE seal (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    mac BLOB NOT NULL,         -- HMAC-SHA256 over head, checkpoint and the rest of this row; empty before the first
    key TEXT NOT NULL,         -- which key it was made with: the beginning of the key's own SHA-256
    since INTEGER NOT NULL,    -- id of the newest row when the first seal was set
    broken INTEGER NOT NULL    -- id of the row that tells of a seal that was not genuine, or 0
) STRICT;
INSERT INTO seal SELECT 1, zeroblob(0), '', event, 0 FROM head;
