import type { Migration } from './migration.ts'

/**
 * Jobs that a namespace runs at once are counted here, exactly: pg-boss counts before it claims, so that two workers
 * that look together both find room.
 */
export const jobPlaces: Migration = {
  number: 10,
  name: 'job places',
  sql: `
CREATE TABLE job_places (
  -- pg-boss's: one that is taken over from a dead worker takes its place over as well.
  job_id uuid PRIMARY KEY,
  -- Of this taking.
  place uuid NOT NULL,
  queue text NOT NULL,
  namespace_id text NOT NULL REFERENCES namespaces ON DELETE CASCADE,
  holder text NOT NULL,
  taken_at timestamptz(3) NOT NULL DEFAULT now()
);
CREATE INDEX job_places_namespace ON job_places (namespace_id);

-- As a function each statement sees what was committed before it began, so also what others took while the lock was waited for.
CREATE FUNCTION take_job_place(
  of_queue text, of_job uuid, of_namespace text, as_place uuid, as_holder text, places_default integer
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  places integer;
BEGIN
  PERFORM pg_advisory_xact_lock(8686, hashtext(of_namespace));
  SELECT coalesce((infrastructure ->> 'max_concurrent_jobs')::integer, places_default) INTO places
  FROM namespaces WHERE id = of_namespace;
  -- A job of a namespace that is gone finds that out by itself.
  IF NOT FOUND THEN RETURN true; END IF;
  -- Of workers that died, whose jobs wait again or run elsewhere.
  DELETE FROM job_places p WHERE p.namespace_id = of_namespace AND NOT EXISTS (
    SELECT FROM pgboss.job j WHERE j.name = p.queue AND j.id = p.job_id AND j.state = 'active');
  IF (SELECT count(*) FROM job_places p WHERE p.namespace_id = of_namespace AND p.job_id <> of_job) >= places THEN
    DELETE FROM job_places p WHERE p.job_id = of_job;
    RETURN false;
  END IF;
  INSERT INTO job_places (job_id, place, queue, namespace_id, holder)
  VALUES (of_job, as_place, of_queue, of_namespace, as_holder)
  ON CONFLICT (job_id) DO UPDATE
  SET place = excluded.place, holder = excluded.holder, taken_at = excluded.taken_at;
  RETURN true;
END $$;
`,
}
