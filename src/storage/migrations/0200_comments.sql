-- Up Migration
-- Who looks after an incident, and what people say of it. Comments go by retention when their incident has gone.
ALTER TABLE incidents ADD COLUMN assigned_to text;
CREATE TABLE incident_comments (
  id bigserial PRIMARY KEY,
  incident_id bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  author text NOT NULL,
  text text NOT NULL CHECK (text <> '')
);
CREATE INDEX incident_comments_incident ON incident_comments (incident_id, id);

-- Down Migration
DROP TABLE incident_comments;
ALTER TABLE incidents DROP COLUMN assigned_to;
