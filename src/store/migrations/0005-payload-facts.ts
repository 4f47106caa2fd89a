import type { Migration } from './migration.ts'

/**
 * What is known of the stored values of a generation (docs/internals/payload-facts.md). The epoch of a namespace grows
 * with each change of it, and of the payload indexes, so that one number tells a reader whether it knows all of that.
 */
export const payloadFacts: Migration = {
  number: 5,
  name: 'payload_facts',
  sql: `
-- Numbers of censuses: none is given out twice, or the end of an old one could pass for a newer one's.
CREATE SEQUENCE payload_fact_looks AS integer;
CREATE TABLE payload_facts (
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  generation integer NOT NULL,
  -- 'root_key' | 'path'
  kind text NOT NULL,
  name text NOT NULL,
  -- Of the index that the values are held against; '' for none.
  type text NOT NULL DEFAULT '',
  -- Each census counts in a row of its own; the highest known one is what readers go by.
  look integer NOT NULL DEFAULT 0,
  is_known boolean NOT NULL DEFAULT false,
  is_present boolean NOT NULL DEFAULT false,
  kinds jsonb NOT NULL DEFAULT '{}',
  has_lists boolean NOT NULL DEFAULT false,
  exceptions jsonb NOT NULL DEFAULT '[]',
  is_overflown boolean NOT NULL DEFAULT false,
  taken_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (namespace_id, generation, kind, name, type, look)
);

CREATE TABLE payload_fact_epochs (
  namespace_id text PRIMARY KEY REFERENCES namespaces ON DELETE CASCADE,
  epoch bigint NOT NULL DEFAULT 1
);
INSERT INTO payload_fact_epochs (namespace_id) SELECT id FROM namespaces;

CREATE FUNCTION begin_fact_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO payload_fact_epochs (namespace_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE TRIGGER begin_fact_epoch AFTER INSERT ON namespaces
  FOR EACH ROW EXECUTE FUNCTION begin_fact_epoch();

CREATE FUNCTION next_fact_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE payload_fact_epochs SET epoch = epoch + 1
    WHERE namespace_id = CASE WHEN TG_OP = 'DELETE' THEN OLD.namespace_id ELSE NEW.namespace_id END;
  RETURN NULL;
END $$;
CREATE TRIGGER next_fact_epoch AFTER INSERT OR UPDATE OR DELETE ON payload_facts
  FOR EACH ROW EXECUTE FUNCTION next_fact_epoch();
CREATE TRIGGER next_fact_epoch AFTER INSERT OR UPDATE OR DELETE ON payload_indexes
  FOR EACH ROW EXECUTE FUNCTION next_fact_epoch();
CREATE TRIGGER notify AFTER UPDATE
  ON payload_fact_epochs FOR EACH STATEMENT EXECUTE FUNCTION nacre_notify('payload_facts');
`,
}
