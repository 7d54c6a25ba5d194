-- Up Migration
-- A challenger that passed the gate may score beside the champion for a while before it takes over: one a model.
CREATE TABLE shadows (
  model_key text PRIMARY KEY,
  version_id bigint NOT NULL REFERENCES model_versions (id),
  from_minute timestamptz NOT NULL,
  minutes integer NOT NULL
);

CREATE TABLE shadow_scores (
  stream text NOT NULL,
  kind text NOT NULL,
  minute timestamptz NOT NULL,
  version_id bigint NOT NULL,
  score double precision NOT NULL,
  anomalous boolean NOT NULL,
  PRIMARY KEY (stream, kind, version_id, minute)
);

ALTER TABLE model_versions DROP CONSTRAINT model_versions_state_check;
ALTER TABLE model_versions ADD CONSTRAINT model_versions_state_check
  CHECK (state IN ('published', 'rejected', 'held', 'shadow'));
ALTER TABLE retrain_runs DROP CONSTRAINT retrain_runs_state_check;
ALTER TABLE retrain_runs ADD CONSTRAINT retrain_runs_state_check CHECK (state IN ('queued', 'waiting for lease',
  'selecting window', 'training', 'validating', 'shadow', 'published', 'held', 'rejected', 'failed', 'cancelled'));

-- Down Migration
DROP TABLE shadow_scores, shadows;
UPDATE model_versions SET state = 'rejected' WHERE state = 'shadow';
ALTER TABLE model_versions DROP CONSTRAINT model_versions_state_check;
ALTER TABLE model_versions ADD CONSTRAINT model_versions_state_check CHECK (state IN ('published', 'rejected', 'held'));
DELETE FROM retrain_runs WHERE state = 'shadow';
ALTER TABLE retrain_runs DROP CONSTRAINT retrain_runs_state_check;
ALTER TABLE retrain_runs ADD CONSTRAINT retrain_runs_state_check CHECK (state IN ('queued', 'waiting for lease',
  'selecting window', 'training', 'validating', 'published', 'held', 'rejected', 'failed', 'cancelled'));
