-- Up Migration
-- What the last minutes alone show where the volume has fallen: a verdict must not go on for what is over.
ALTER TABLE scores ADD COLUMN after_fall double precision;

-- Down Migration
ALTER TABLE scores DROP COLUMN after_fall;
