import type { Migration } from './migration.ts'

/** What clients read by: counts by the hour, slow reads, and reads kept to be replayed. */
export const queryUsage: Migration = {
  number: 6,
  name: 'query_usage',
  sql: `
CREATE TABLE query_usage_fields (
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  hour timestamptz(3) NOT NULL,
  path text NOT NULL,
  field text NOT NULL,
  count bigint NOT NULL,
  count_error bigint NOT NULL,
  filters bigint NOT NULL,
  sorts bigint NOT NULL,
  groups bigint NOT NULL,
  facets bigint NOT NULL,
  operators jsonb NOT NULL,
  kinds jsonb NOT NULL,
  total_ms double precision NOT NULL,
  max_ms double precision NOT NULL,
  -- Reads by duration, in buckets that grow by a quarter of an octave.
  histogram integer[] NOT NULL,
  slow bigint NOT NULL,
  very_slow bigint NOT NULL,
  first_seen timestamptz(3) NOT NULL,
  last_seen timestamptz(3) NOT NULL,
  PRIMARY KEY (namespace_id, hour, path)
);
CREATE INDEX ON query_usage_fields (hour);

CREATE TABLE query_usage_shapes (
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  hour timestamptz(3) NOT NULL,
  shape_hash text NOT NULL,
  shape text NOT NULL,
  kind text NOT NULL,
  paths text[] NOT NULL,
  using_vector text,
  count bigint NOT NULL,
  count_error bigint NOT NULL,
  total_ms double precision NOT NULL,
  histogram integer[] NOT NULL,
  candidates bigint NOT NULL,
  results bigint NOT NULL,
  first_seen timestamptz(3) NOT NULL,
  last_seen timestamptz(3) NOT NULL,
  PRIMARY KEY (namespace_id, hour, shape_hash)
);
CREATE INDEX ON query_usage_shapes (hour);

CREATE TABLE slow_reads (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  retriever_id text,
  shape text NOT NULL,
  duration_ms double precision NOT NULL,
  results bigint NOT NULL,
  fields text[] NOT NULL,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX ON slow_reads (namespace_id, created_at);
CREATE INDEX ON slow_reads (namespace_id, duration_ms);
CREATE INDEX ON slow_reads (created_at);

-- Personal data: what stands in filters. Gone after 48 hours, with the namespace, and when auto is switched off.
CREATE TABLE query_samples (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  shape_hash text NOT NULL,
  shape text NOT NULL,
  kind text NOT NULL,
  paths text[] NOT NULL,
  filter text NOT NULL,
  collection_ids text[],
  using_vector text,
  limit_count bigint,
  duration_ms double precision NOT NULL,
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX ON query_samples (namespace_id, shape_hash, created_at);
CREATE INDEX ON query_samples (created_at);
`,
}
