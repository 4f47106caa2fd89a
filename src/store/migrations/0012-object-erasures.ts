import type { Migration } from './migration.ts'

/**
 * Objects that go together with their documents. The row is there before the first document goes, and outlives the
 * object: what a batch under way has written of it meanwhile is found by it, and goes as well.
 */
export const objectErasures: Migration = {
  number: 12,
  name: 'object erasures',
  sql: `
CREATE TABLE object_erasures (
  object_id text PRIMARY KEY,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX ON object_erasures (namespace_id);
`,
}
