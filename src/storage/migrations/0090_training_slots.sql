-- Up Migration
-- A person's training that waits for a slot: until then the slot is kept from trainings that nobody asked for.
ALTER TABLE leases ADD COLUMN reserved_until timestamptz;

-- Down Migration
ALTER TABLE leases DROP COLUMN reserved_until;
