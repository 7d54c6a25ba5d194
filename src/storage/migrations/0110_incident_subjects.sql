-- Up Migration
-- Several incidents may be open in a stream at once, one for each network behind them.
ALTER TABLE incidents ADD COLUMN subject text NOT NULL DEFAULT '';
ALTER TABLE incidents DROP CONSTRAINT incidents_stream_started_at_key;
ALTER TABLE incidents ADD CONSTRAINT incidents_stream_started_at_subject_key UNIQUE (stream, started_at, subject);

-- Down Migration
DELETE FROM incidents WHERE subject <> '';
ALTER TABLE incidents DROP CONSTRAINT incidents_stream_started_at_subject_key;
ALTER TABLE incidents ADD CONSTRAINT incidents_stream_started_at_key UNIQUE (stream, started_at);
ALTER TABLE incidents DROP COLUMN subject;
