import type { Migration } from './migration.ts'

/** Archives that are being loaded, or were, and how far each of their parts has come. */
export const loads: Migration = {
  number: 9,
  name: 'loads',
  sql: `
CREATE TABLE loads (
  -- The archive's.
  id text PRIMARY KEY,
  state text NOT NULL,
  header jsonb NOT NULL,
  -- Whose key began it: of the first start's organization, which goes where the load ends.
  organization_id text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3)
);
-- One at a time.
CREATE UNIQUE INDEX loads_open ON loads (state) WHERE state = 'loading';

CREATE TABLE load_parts (
  load_id text NOT NULL REFERENCES loads ON DELETE CASCADE,
  part text NOT NULL,
  -- Lines of it that are here.
  position integer NOT NULL,
  PRIMARY KEY (load_id, part)
);
`,
}
