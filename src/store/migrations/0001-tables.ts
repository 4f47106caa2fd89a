import type { Migration } from './migration.ts'

/**
 * Every table of the first version. Times have milliseconds, as JavaScript reads them: a cursor made of one finds its
 * row again. Everything below a namespace goes with it. Rows that only count an object (batch_objects, ingest_ledger)
 * outlive it, so that sums stay true.
 */
export const tables: Migration = {
  number: 1,
  name: 'tables',
  sql: `
CREATE TABLE organizations (
  id text PRIMARY KEY,
  internal_id text NOT NULL UNIQUE,
  name text NOT NULL,
  account_type text NOT NULL,
  profile jsonb NOT NULL DEFAULT '{}',
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE users (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
  email text NOT NULL,
  name text NOT NULL,
  role text NOT NULL,
  status text NOT NULL,
  avatar_url text,
  metadata jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (organization_id, email)
);
CREATE INDEX ON users (organization_id, created_at, id);

CREATE TABLE api_keys (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
  user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
  name text NOT NULL,
  hash text NOT NULL UNIQUE,
  prefix text NOT NULL,
  description text NOT NULL DEFAULT '',
  permissions jsonb NOT NULL DEFAULT '[]',
  scopes jsonb NOT NULL DEFAULT '[]',
  status text NOT NULL,
  rate_limit_override integer,
  expires_at timestamptz(3),
  last_used_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by text,
  revoked_at timestamptz(3),
  revoked_by text
);
CREATE INDEX ON api_keys (organization_id, created_at, id);
CREATE INDEX ON api_keys (user_id);
-- Keys are addressed by name; a revoked one gives its name up.
CREATE UNIQUE INDEX api_keys_name ON api_keys (user_id, name) WHERE status <> 'revoked';

CREATE TABLE namespaces (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
  name text NOT NULL,
  description text,
  namespace_type text NOT NULL,
  state text NOT NULL,
  generation integer NOT NULL,
  feature_extractors jsonb NOT NULL DEFAULT '[]',
  vectors jsonb NOT NULL DEFAULT '{}',
  embedding jsonb NOT NULL,
  auto_create_indexes boolean NOT NULL DEFAULT false,
  infrastructure jsonb NOT NULL DEFAULT '{}',
  expires_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (organization_id, name)
);
CREATE INDEX ON namespaces (organization_id, created_at, id);
CREATE INDEX ON namespaces (id) WHERE state <> 'ready';

CREATE TABLE namespace_leases (
  namespace_id text PRIMARY KEY REFERENCES namespaces ON DELETE CASCADE,
  token bigint NOT NULL DEFAULT 0,
  holder text,
  purpose text,
  expires_at timestamptz(3)
);

CREATE TABLE namespace_lease_shares (
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  holder text NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (namespace_id, holder)
);

CREATE TABLE payload_indexes (
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  field_name text NOT NULL,
  path text NOT NULL,
  type text NOT NULL,
  field_schema jsonb NOT NULL DEFAULT '{}',
  origin text NOT NULL,
  is_protected boolean NOT NULL DEFAULT false,
  state text NOT NULL,
  error text,
  before jsonb,
  position integer NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace_id, path)
);

CREATE TABLE buckets (
  id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  name text NOT NULL,
  description text,
  fields jsonb NOT NULL DEFAULT '{}',
  unique_key jsonb,
  metadata jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (namespace_id, name)
);
CREATE INDEX ON buckets (namespace_id, created_at, id);

CREATE TABLE objects (
  id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  bucket_id text NOT NULL REFERENCES buckets ON DELETE CASCADE,
  key_prefix text,
  unique_value text,
  fields jsonb NOT NULL DEFAULT '{}',
  status text NOT NULL,
  error text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (bucket_id, unique_value)
);
CREATE INDEX ON objects (bucket_id, created_at, id);
CREATE INDEX ON objects (namespace_id);

CREATE TABLE object_blobs (
  id text PRIMARY KEY,
  object_id text NOT NULL REFERENCES objects ON DELETE CASCADE,
  bucket_id text NOT NULL REFERENCES buckets ON DELETE CASCADE,
  position integer NOT NULL,
  property text NOT NULL,
  type text NOT NULL,
  key_prefix text,
  metadata jsonb NOT NULL DEFAULT '{}',
  data jsonb,
  hash text,
  -- Whole numbers to 2^53, read as a number; bigint would come as a string.
  size_bytes double precision NOT NULL DEFAULT 0,
  mime_type text,
  filename text
);
CREATE INDEX ON object_blobs (object_id, position);
CREATE INDEX ON object_blobs (bucket_id);
CREATE INDEX ON object_blobs (hash) WHERE hash IS NOT NULL;

CREATE TABLE collections (
  id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  name text NOT NULL,
  description text,
  source jsonb NOT NULL,
  feature_extractor jsonb NOT NULL,
  input_schema jsonb NOT NULL DEFAULT '{}',
  output_schema jsonb NOT NULL DEFAULT '{}',
  enabled boolean NOT NULL DEFAULT true,
  metadata jsonb NOT NULL DEFAULT '{}',
  state text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  UNIQUE (namespace_id, name)
);
CREATE INDEX ON collections (namespace_id, created_at, id);

CREATE TABLE batches (
  id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  bucket_id text NOT NULL REFERENCES buckets ON DELETE CASCADE,
  name text,
  type text NOT NULL,
  status text NOT NULL,
  collection_ids jsonb,
  tiers jsonb NOT NULL DEFAULT '[]',
  current_tier integer NOT NULL DEFAULT 0,
  task_id text,
  fence integer NOT NULL DEFAULT 0,
  metadata jsonb NOT NULL DEFAULT '{}',
  error text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON batches (bucket_id, created_at, id);
CREATE INDEX ON batches (namespace_id, created_at, id);
CREATE INDEX ON batches (task_id);

CREATE TABLE batch_objects (
  batch_id text NOT NULL REFERENCES batches ON DELETE CASCADE,
  object_id text NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (batch_id, object_id)
);
CREATE INDEX ON batch_objects (batch_id, position);
CREATE INDEX ON batch_objects (object_id);

CREATE TABLE ingest_ledger (
  batch_id text NOT NULL REFERENCES batches ON DELETE CASCADE,
  collection_id text NOT NULL,
  object_id text NOT NULL,
  tier integer NOT NULL,
  state text NOT NULL,
  documents integer NOT NULL DEFAULT 0,
  error_type text,
  reason text,
  attempts integer NOT NULL DEFAULT 0,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (batch_id, collection_id, object_id)
);
CREATE INDEX ingest_ledger_open ON ingest_ledger (batch_id, tier, state, collection_id, object_id)
  WHERE state IN ('pending', 'extracted');
CREATE INDEX ingest_ledger_sums ON ingest_ledger (batch_id, state);
CREATE INDEX ON ingest_ledger (object_id);

CREATE TABLE tasks (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
  -- Without a foreign key: the task that deletes a namespace is read after the namespace is gone.
  namespace_id text,
  type text NOT NULL,
  status text NOT NULL,
  inputs jsonb NOT NULL DEFAULT '[]',
  outputs jsonb NOT NULL DEFAULT '[]',
  additional_data jsonb NOT NULL DEFAULT '{}',
  error text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  finished_at timestamptz(3)
);
CREATE INDEX ON tasks (organization_id, created_at, id);
CREATE INDEX ON tasks (namespace_id, created_at, id);

CREATE TABLE retrievers (
  id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  name text NOT NULL,
  description text,
  stages jsonb NOT NULL DEFAULT '[]',
  collection_ids jsonb NOT NULL DEFAULT '[]',
  input_schema jsonb NOT NULL DEFAULT '{}',
  budget_limits jsonb NOT NULL DEFAULT '{}',
  tags jsonb NOT NULL DEFAULT '[]',
  display_config jsonb,
  visibility text NOT NULL DEFAULT 'private',
  version integer NOT NULL DEFAULT 1,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by text,
  UNIQUE (namespace_id, name)
);
CREATE INDEX ON retrievers (namespace_id, created_at, id);

CREATE TABLE executions (
  id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  retriever_id text REFERENCES retrievers ON DELETE CASCADE,
  status text NOT NULL,
  detail jsonb NOT NULL DEFAULT '{}',
  total_returned integer NOT NULL DEFAULT 0,
  duration_ms double precision NOT NULL DEFAULT 0,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON executions (retriever_id, created_at, id);
CREATE INDEX ON executions (namespace_id, created_at, id);

-- A finished namespace takes its tasks along, but for the one that deletes it.
CREATE FUNCTION forget_namespace_tasks() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM tasks WHERE namespace_id = OLD.id AND type <> 'api_namespaces_delete';
  RETURN NULL;
END $$;
CREATE TRIGGER forget_namespace_tasks AFTER DELETE ON namespaces
  FOR EACH ROW EXECUTE FUNCTION forget_namespace_tasks();

-- Caches of other processes hear which noun changed (store/cache.ts).
CREATE FUNCTION nacre_notify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('nacre_changes', TG_ARGV[0]);
  RETURN NULL;
END $$;
-- Of api_keys, last_used_at is written in batches and cached nowhere.
CREATE TRIGGER notify AFTER INSERT OR DELETE OR UPDATE OF
    organization_id, user_id, name, hash, permissions, scopes, status, rate_limit_override, expires_at, revoked_at
  ON api_keys FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('api_keys');
CREATE TRIGGER notify AFTER UPDATE OR DELETE
  ON organizations FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('api_keys');
CREATE TRIGGER notify AFTER UPDATE OR DELETE
  ON users FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('api_keys');
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE
  ON namespaces FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('namespaces');
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE
  ON payload_indexes FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('namespaces');
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE
  ON collections FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('collections');
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE
  ON retrievers FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('retrievers');
CREATE TRIGGER notify AFTER INSERT OR UPDATE OR DELETE
  ON buckets FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('buckets');
`,
}
