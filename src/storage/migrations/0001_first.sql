-- Up Migration
-- Minutes are timestamptz at their start. Everything per stream is keyed by (stream, minute), so that a stage which is
-- killed and started again writes the same rows once.

CREATE TABLE streams (
  name text PRIMARY KEY,
  source jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now()
);

-- The log that a collector writes, in order. kind: updates (payload = encoded UpdateBatch), clock (the feed is alive
-- and its time is `until`), gap (the feed was away from `since` to `until`).
CREATE TABLE update_batches (
  stream text NOT NULL,
  position bigint NOT NULL,
  kind text NOT NULL CHECK (kind IN ('updates', 'clock', 'gap')),
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  messages integer NOT NULL DEFAULT 0,
  payload bytea,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, position)
);
CREATE INDEX update_batches_received_at ON update_batches (received_at);

CREATE TABLE feed_gaps (
  id bigserial PRIMARY KEY,
  stream text NOT NULL,
  since timestamptz NOT NULL,
  until timestamptz NOT NULL,
  reason text NOT NULL,
  healed_at timestamptz,
  UNIQUE (stream, since)
);

-- Where a stage stands in what it reads. `state` is what it needs to go on from there (the aggregator's open minutes
-- and routes), committed together with its output.
CREATE TABLE cursors (
  stage text NOT NULL,
  stream text NOT NULL,
  position bigint NOT NULL,
  state bytea,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stage, stream)
);

CREATE TABLE features (
  stream text NOT NULL,
  minute timestamptz NOT NULL,
  kind text NOT NULL CHECK (kind IN ('observed', 'gap', 'healed')),
  values real[] NOT NULL,
  evidence jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, minute)
);

-- Immutable. A version that was rejected, or that shadows, is kept beside the published ones.
CREATE TABLE model_versions (
  id bigserial PRIMARY KEY,
  model_key text NOT NULL,
  kind text NOT NULL,
  stream text NOT NULL,
  version integer NOT NULL,
  parent_id bigint REFERENCES model_versions (id),
  state text NOT NULL CHECK (state IN ('published', 'rejected', 'held')),
  data_from timestamptz NOT NULL,
  data_until timestamptz NOT NULL,
  samples integer NOT NULL,
  seed bigint NOT NULL,
  threshold double precision NOT NULL,
  format integer NOT NULL,
  code_version text NOT NULL,
  metrics jsonb NOT NULL DEFAULT '{}',
  fencing_token bigint NOT NULL,
  pinned boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (model_key, version)
);

CREATE TABLE model_files (
  version_id bigint NOT NULL REFERENCES model_versions (id) ON DELETE CASCADE,
  name text NOT NULL,
  sha256 text NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (version_id, name)
);

-- Which version serves which minutes: the activation with the greatest (from_minute, id) at or before a minute scores
-- it. Appending a row is how publish and rollback move the active pointer.
CREATE TABLE activations (
  id bigserial PRIMARY KEY,
  model_key text NOT NULL,
  version_id bigint NOT NULL REFERENCES model_versions (id),
  from_minute timestamptz NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL DEFAULT 'system',
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX activations_model_key ON activations (model_key, id DESC);

-- One trainer a model. `token` only rises; a publish with an older token is refused.
CREATE TABLE leases (
  model_key text PRIMARY KEY,
  holder text NOT NULL,
  token bigint NOT NULL,
  expires_at timestamptz NOT NULL
);

CREATE TABLE scores (
  stream text NOT NULL,
  kind text NOT NULL,
  minute timestamptz NOT NULL,
  version_id bigint NOT NULL,
  score double precision NOT NULL,
  surprise double precision NOT NULL,
  threshold double precision NOT NULL,
  anomalous boolean NOT NULL,
  explanation jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, kind, minute)
);

CREATE TABLE verdicts (
  stream text NOT NULL,
  minute timestamptz NOT NULL,
  score double precision NOT NULL,
  threshold double precision NOT NULL,
  anomalous boolean NOT NULL,
  votes jsonb NOT NULL,
  missing text[] NOT NULL DEFAULT '{}',
  state jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (stream, minute)
);

CREATE TABLE incidents (
  id bigserial PRIMARY KEY,
  stream text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  last_minute timestamptz NOT NULL,
  peak_minute timestamptz NOT NULL,
  peak_score double precision NOT NULL,
  severity text NOT NULL CHECK (severity IN ('info', 'minor', 'major', 'critical')),
  class text NOT NULL,
  reasons jsonb NOT NULL DEFAULT '[]',
  models text[] NOT NULL DEFAULT '{}',
  culprits jsonb NOT NULL DEFAULT '{}',
  detail jsonb NOT NULL DEFAULT '{}',
  related_to bigint REFERENCES incidents (id),
  acknowledged_by text,
  acknowledged_at timestamptz,
  note text,
  ordinary boolean NOT NULL DEFAULT false,
  UNIQUE (stream, started_at)
);
CREATE INDEX incidents_started_at ON incidents (started_at DESC);

CREATE TABLE drift_reports (
  id bigserial PRIMARY KEY,
  model_key text NOT NULL,
  window_end timestamptz NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('stable', 'drifted', 'watch', 'no baseline', 'suppressed')),
  version_id bigint,
  reason text NOT NULL,
  report jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (model_key, window_end)
);

-- Append-only life of each retrain: a row a state.
CREATE TABLE retrain_runs (
  id bigserial PRIMARY KEY,
  run text NOT NULL,
  model_key text NOT NULL,
  job_id text,
  state text NOT NULL CHECK (state IN ('queued', 'waiting for lease', 'selecting window', 'training', 'validating',
    'published', 'rejected', 'failed', 'cancelled')),
  detail jsonb NOT NULL DEFAULT '{}',
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX retrain_runs_model_key ON retrain_runs (model_key, id DESC);
CREATE INDEX retrain_runs_run ON retrain_runs (run);

-- One row a running (or once running) service process.
CREATE TABLE services (
  instance text PRIMARY KEY,
  name text NOT NULL,
  host text NOT NULL,
  pid integer NOT NULL,
  state text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  restarts integer NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE audit (
  id bigserial PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  actor text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE alerts (
  id bigserial PRIMARY KEY,
  fingerprint text NOT NULL,
  kind text NOT NULL,
  severity text NOT NULL,
  title text NOT NULL,
  body jsonb NOT NULL DEFAULT '{}',
  raised_at timestamptz NOT NULL DEFAULT now(),
  resolved_at timestamptz,
  delivered jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX alerts_fingerprint ON alerts (fingerprint, id DESC);
CREATE INDEX alerts_open ON alerts (raised_at) WHERE resolved_at IS NULL;

-- Down Migration
DROP TABLE alerts, audit, services, retrain_runs, drift_reports, incidents, verdicts, scores, leases, activations,
  model_files, model_versions, features, cursors, feed_gaps, update_batches, streams;
