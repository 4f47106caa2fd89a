import type { Migration } from './migration.ts'

/** What the advisor decided about fields, each step of it, and when it looks again. */
export const indexDecisions: Migration = {
  number: 7,
  name: 'index_decisions',
  sql: `
CREATE TABLE index_decisions (
  id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  field_name text NOT NULL,
  path text NOT NULL,
  state text NOT NULL,
  fence integer NOT NULL DEFAULT 1,
  schema jsonb,
  reason text NOT NULL,
  inputs jsonb NOT NULL,
  census jsonb,
  before jsonb,
  after jsonb,
  parity jsonb,
  -- Of one that is retiring: the state it goes to when its index is gone.
  ending text,
  actor text NOT NULL,
  attempts integer NOT NULL DEFAULT 1,
  restarts integer NOT NULL DEFAULT 0,
  blocked_until timestamptz(3),
  created_at timestamptz(3) NOT NULL,
  updated_at timestamptz(3) NOT NULL,
  active_at timestamptz(3)
);
CREATE INDEX ON index_decisions (namespace_id, created_at, id);
-- One at a time a field, whatever becomes of leases.
CREATE UNIQUE INDEX index_decisions_open ON index_decisions (namespace_id, path) WHERE state IN
  ('observed', 'candidate', 'censused', 'building', 'verifying', 'active', 'retiring');

CREATE TABLE index_events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  path text NOT NULL,
  decision_id text REFERENCES index_decisions ON DELETE CASCADE,
  kind text NOT NULL,
  from_state text,
  to_state text,
  detail jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL
);
CREATE INDEX ON index_events (namespace_id, id);
CREATE INDEX ON index_events (decision_id, id) WHERE decision_id IS NOT NULL;

CREATE TABLE index_checks (
  namespace_id text PRIMARY KEY REFERENCES namespaces ON DELETE CASCADE,
  last_run_at timestamptz(3),
  next_run_at timestamptz(3)
);
`,
}
