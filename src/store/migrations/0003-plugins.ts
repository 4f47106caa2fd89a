import type { Migration } from './migration.ts'

/**
 * Plugins of a namespace or of a whole organization, where they are deployed, uploads under way, and the keys that
 * sign URLs. An archive is a content of the blob store like any other: noted where its last row goes.
 */
export const plugins: Migration = {
  number: 3,
  name: 'plugins',
  sql: `
CREATE TABLE plugins (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
  -- Null: the organization's own, for its namespaces to enable.
  namespace_id text REFERENCES namespaces ON DELETE CASCADE,
  plugin_id text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  description text NOT NULL DEFAULT '',
  archive_hash text NOT NULL,
  archive_bytes double precision NOT NULL,
  code_hash text NOT NULL,
  validation_status text NOT NULL,
  validation_errors jsonb NOT NULL DEFAULT '[]',
  warnings jsonb NOT NULL DEFAULT '[]',
  security_scan_passed boolean NOT NULL,
  manifest jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX plugins_of_namespace ON plugins (namespace_id, plugin_id) WHERE namespace_id IS NOT NULL;
CREATE UNIQUE INDEX plugins_of_organization ON plugins (organization_id, plugin_id) WHERE namespace_id IS NULL;
CREATE INDEX ON plugins (organization_id, created_at, id);
CREATE INDEX ON plugins (archive_hash);

-- A namespace's own plugin has a row from its first deployment, one of the organization from its enabling.
CREATE TABLE plugin_deployments (
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  plugin_row_id text NOT NULL REFERENCES plugins ON DELETE CASCADE,
  state text NOT NULL,
  type text NOT NULL,
  error text,
  params jsonb NOT NULL DEFAULT '{}',
  queued_at timestamptz(3),
  deployed_at timestamptz(3),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace_id, plugin_row_id)
);
CREATE INDEX ON plugin_deployments (plugin_row_id);

CREATE TABLE plugin_uploads (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
  namespace_id text REFERENCES namespaces ON DELETE CASCADE,
  name text NOT NULL,
  version text NOT NULL,
  description text NOT NULL DEFAULT '',
  size_bytes_declared double precision,
  -- Null until the archive has come.
  archive_hash text,
  archive_bytes double precision,
  -- Null until it is confirmed; then confirming again answers the same plugin.
  plugin_row_id text REFERENCES plugins ON DELETE CASCADE,
  expires_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON plugin_uploads (archive_hash) WHERE archive_hash IS NOT NULL;
CREATE INDEX ON plugin_uploads (expires_at) WHERE plugin_row_id IS NULL;
CREATE INDEX ON plugin_uploads (plugin_row_id);

-- Made by the first process that signs something; all processes on the database share them.
CREATE TABLE signing_keys (
  name text PRIMARY KEY,
  secret text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE FUNCTION note_unused_archives() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO unused_blobs (hash)
    SELECT DISTINCT archive_hash FROM gone WHERE archive_hash IS NOT NULL;
  RETURN NULL;
END $$;
CREATE TRIGGER note_unused_archives AFTER DELETE ON plugins
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_unused_archives();
CREATE TRIGGER note_unused_archives AFTER DELETE ON plugin_uploads
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION note_unused_archives();

CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE
  ON plugins FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('plugins');
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE
  ON plugin_deployments FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('plugins');
`,
}
