-- Up Migration
-- A person has decided that the serving version goes on although newer ones were held or rejected.
CREATE TABLE refusal_answers (
  model_key text PRIMARY KEY,
  row_id bigint NOT NULL,
  actor text NOT NULL,
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration
DROP TABLE refusal_answers;
