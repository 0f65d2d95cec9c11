-- The hours in their order: counts of many kinds of events go through them once.
CREATE INDEX tally_hour ON tally (hour, kind, count);
