-- Up Migration
-- What operators do not want to be told of for a while. Every field that is given must fit; one at least is.
CREATE TABLE silences (
  id bigserial PRIMARY KEY,
  stream text,
  class text,
  prefix cidr,
  as_number bigint,
  starts_at timestamptz NOT NULL DEFAULT now(),
  ends_at timestamptz NOT NULL,
  reason text NOT NULL,
  actor text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (ends_at >= starts_at),
  CHECK (num_nonnulls(stream, class, prefix, as_number) > 0)
);
CREATE INDEX silences_ends_at ON silences (ends_at);

-- Down Migration
DROP TABLE silences;
