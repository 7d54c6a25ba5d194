-- Up Migration
-- The alerter asks twice a second what is to be delivered: nearly always nothing, however many alerts there were.
CREATE INDEX alerts_due ON alerts (id) WHERE delivered->>'done' IS DISTINCT FROM 'true';

-- Down Migration
DROP INDEX alerts_due;
