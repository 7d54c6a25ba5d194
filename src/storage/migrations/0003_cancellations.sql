-- Up Migration
-- A wish to stop a training that runs, wherever its worker is; the trainer looks for it.
CREATE TABLE retrain_cancellations (
  job_id text PRIMARY KEY,
  actor text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration
DROP TABLE retrain_cancellations;
