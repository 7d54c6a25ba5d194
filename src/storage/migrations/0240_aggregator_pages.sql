-- Up Migration
-- What an aggregator knows, in pieces of 32 kB: those that changed are written with its cursor. They are read whole and
-- rewritten often, so PostgreSQL need not try to compress them.
CREATE TABLE aggregator_pages (
  stream text NOT NULL,
  part integer NOT NULL,
  page integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (stream, part, page)
);
ALTER TABLE aggregator_pages ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Down Migration
DROP TABLE aggregator_pages;
