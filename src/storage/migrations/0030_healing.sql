-- Up Migration
-- state: the aggregator's routes and open minutes when the feed went away, kept until the gap is healed or given up.
ALTER TABLE feed_gaps
  ADD COLUMN state bytea,
  ADD COLUMN attempts integer NOT NULL DEFAULT 0,
  ADD COLUMN attempted_at timestamptz,
  ADD COLUMN given_up_at timestamptz,
  ADD COLUMN trouble text;
CREATE INDEX feed_gaps_unhealed ON feed_gaps (stream, since) WHERE healed_at IS NULL AND given_up_at IS NULL;

-- Minutes whose feature rows came or were healed behind the cursors, a row for each stage that has yet to look at them.
CREATE TABLE late_minutes (
  stage text NOT NULL,
  stream text NOT NULL,
  minute timestamptz NOT NULL,
  PRIMARY KEY (stream, stage, minute)
);

-- Down Migration
DROP TABLE late_minutes;
DROP INDEX feed_gaps_unhealed;
ALTER TABLE feed_gaps DROP COLUMN state, DROP COLUMN attempts, DROP COLUMN attempted_at, DROP COLUMN given_up_at,
  DROP COLUMN trouble;
