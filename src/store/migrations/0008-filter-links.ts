import type { Migration } from './migration.ts'

/** Which payload indexes the graphs of a namespace's vectors know, and when they were last told. */
export const filterLinks: Migration = {
  number: 8,
  name: 'filter links',
  sql: `
CREATE TABLE filter_links (
  namespace_id text PRIMARY KEY REFERENCES namespaces ON DELETE CASCADE,
  -- Of the indexes that stood when it began.
  paths text[] NOT NULL,
  begun_at timestamptz(3) NOT NULL,
  -- Null: under way, or its process died.
  built_at timestamptz(3)
);
`,
}
