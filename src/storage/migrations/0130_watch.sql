-- Up Migration
-- How the operator's own prefixes are seen, one row a stream, and since when the log is compared with the declaration.
CREATE TABLE watch_states (
  stream text PRIMARY KEY,
  since timestamptz,
  seen_until timestamptz,
  prefixes jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration
DROP TABLE watch_states;
