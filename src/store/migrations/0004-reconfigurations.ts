import type { Migration } from './migration.ts'

/**
 * Changes of a namespace's vectors, from plan to end. A generation's number is never used twice, so the last one given
 * out stands with the namespace.
 */
export const reconfigurations: Migration = {
  number: 4,
  name: 'reconfigurations',
  sql: `
ALTER TABLE namespaces ADD COLUMN last_generation integer NOT NULL DEFAULT 1;

CREATE TABLE reconfigurations (
  id text PRIMARY KEY,
  organization_id text NOT NULL REFERENCES organizations ON DELETE CASCADE,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  strategy text NOT NULL,
  reprocess boolean NOT NULL DEFAULT false,
  state text NOT NULL,
  fence integer NOT NULL DEFAULT 1,
  from_generation integer NOT NULL,
  to_generation integer,
  vectors_before jsonb NOT NULL,
  vectors_after jsonb NOT NULL,
  -- What feature_extractors of the namespace become with it; null: they stay.
  extractors_after jsonb,
  previous_points integer NOT NULL DEFAULT 0,
  progress jsonb NOT NULL DEFAULT '{}',
  task_id text,
  error text,
  switched_at timestamptz(3),
  retained_until timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON reconfigurations (namespace_id, created_at, id);
CREATE INDEX ON reconfigurations (task_id) WHERE task_id IS NOT NULL;
-- One at a time a namespace, whatever becomes of leases.
CREATE UNIQUE INDEX reconfigurations_busy ON reconfigurations (namespace_id) WHERE state IN
  ('waiting_for_engine', 'adding', 'building', 'filling', 'switching', 'undoing', 'cancelling');
`,
}
