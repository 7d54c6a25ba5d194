-- Up Migration
-- One summary of one hour, so that a drift check reads some two hundred rows however long the history is. `subject` is
-- a model key (with its version) or `features@STREAM` (version 0). `rescored` hours are those before a version served:
-- the version itself scored them when it was validated.
CREATE TABLE hour_summaries (
  subject text NOT NULL,
  version_id bigint NOT NULL,
  hour timestamptz NOT NULL,
  source text NOT NULL CHECK (source IN ('live', 'rescored')),
  minutes integer NOT NULL,
  bytes bytea NOT NULL,
  computed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (subject, version_id, source, hour)
);

-- Late minutes (healed gaps) change hours that were summarised before: these indexes find them.
CREATE INDEX scores_created_at ON scores (stream, kind, created_at);
CREATE INDEX features_created_at ON features (stream, created_at);

-- The exam of a lineage: fixed when its first version is published, never drawn anew, so that sensitivity lost over
-- many retrains shows.
CREATE TABLE exams (
  model_key text NOT NULL,
  lineage integer NOT NULL,
  bytes bytea NOT NULL,
  reference jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (model_key, lineage)
);

-- A model whose retraining failed too often waits here for a person.
CREATE TABLE dead_letters (
  model_key text PRIMARY KEY,
  failures integer NOT NULL,
  last_error text NOT NULL,
  dead_since timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE model_versions ADD COLUMN lineage integer NOT NULL DEFAULT 1;
ALTER TABLE retrain_runs DROP CONSTRAINT retrain_runs_state_check;
ALTER TABLE retrain_runs ADD CONSTRAINT retrain_runs_state_check CHECK (state IN ('queued', 'waiting for lease',
  'selecting window', 'training', 'validating', 'published', 'held', 'rejected', 'failed', 'cancelled'));
-- A job that is delivered twice publishes once.
CREATE UNIQUE INDEX retrain_runs_published_once ON retrain_runs (run) WHERE state = 'published';

-- Down Migration
DROP INDEX retrain_runs_published_once;
DELETE FROM retrain_runs WHERE state = 'held';
ALTER TABLE retrain_runs DROP CONSTRAINT retrain_runs_state_check;
ALTER TABLE retrain_runs ADD CONSTRAINT retrain_runs_state_check CHECK (state IN ('queued', 'waiting for lease',
  'selecting window', 'training', 'validating', 'published', 'rejected', 'failed', 'cancelled'));
ALTER TABLE model_versions DROP COLUMN lineage;
DROP TABLE dead_letters, exams;
DROP INDEX features_created_at, scores_created_at;
DROP TABLE hour_summaries;
