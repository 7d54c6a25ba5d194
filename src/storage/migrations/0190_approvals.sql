-- Up Migration
-- Retrainings that wait for a person's word: one a model at a time.
CREATE TABLE approvals (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  model_key text NOT NULL,
  payload jsonb NOT NULL,
  reason text NOT NULL,
  state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'approved', 'declined')),
  requested_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  on_expiry text NOT NULL CHECK (on_expiry IN ('approve', 'decline')),
  watermark timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by text,
  decision_reason text,
  expired boolean NOT NULL DEFAULT false,
  run text
);
CREATE UNIQUE INDEX approvals_waiting ON approvals (model_key) WHERE state = 'waiting';
CREATE INDEX approvals_by_model ON approvals (model_key, id);

-- Down Migration
DROP TABLE approvals;
