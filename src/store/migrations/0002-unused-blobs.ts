import type { Migration } from './migration.ts'

/**
 * Contents of the blob store that may have lost their last row, noted in the transaction that took the row away: a
 * kill before the content is removed leaves the note. One content may be noted often; so no insert waits for another.
 */
export const unusedBlobs: Migration = {
  number: 2,
  name: 'unused-blobs',
  sql: `
CREATE TABLE unused_blobs (
  hash text NOT NULL,
  due_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON unused_blobs (due_at);
CREATE INDEX ON unused_blobs (hash);

CREATE FUNCTION note_unused_blobs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unused_blobs (hash)
    SELECT DISTINCT hash FROM gone WHERE hash IS NOT NULL AND data IS NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER note_unused_blobs AFTER DELETE ON object_blobs
  REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION note_unused_blobs();
`,
}
