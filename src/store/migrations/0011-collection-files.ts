import type { Migration } from './migration.ts'

/**
 * What collections give beside their documents: files that were exported, contents of the blob store until they
 * expire, and schemas that grow by what documents turn out to hold.
 */
export const collectionFiles: Migration = {
  number: 11,
  name: 'collection files',
  sql: `
CREATE TABLE export_files (
  id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  collection_id text NOT NULL REFERENCES collections ON DELETE CASCADE,
  filename text NOT NULL,
  content_type text NOT NULL,
  hash text NOT NULL,
  size_bytes double precision NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON export_files (hash);
CREATE INDEX ON export_files (expires_at);
CREATE INDEX ON export_files (namespace_id);
CREATE INDEX ON export_files (collection_id);

CREATE FUNCTION note_unused_exports() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unused_blobs (hash) SELECT DISTINCT hash FROM gone;
  RETURN NULL;
END $$;
CREATE TRIGGER note_unused_exports AFTER DELETE ON export_files
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_unused_exports();

ALTER TABLE collections
  ADD COLUMN schema_version integer NOT NULL DEFAULT 1,
  ADD COLUMN schema_synced_at timestamptz(3);
`,
}
