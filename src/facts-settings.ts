import { setting, whole } from './setting.ts'

/** What is known of stored values, and for how long: a part of the table in config.ts. */
export const factsSettings = {
  indexExceptionsMax: setting(
    'NACRE_INDEX_EXCEPTIONS_MAX',
    'Documents with a value that a payload index cannot hold, and that are tested beside it; with more, an automatic index is dropped and reads of another look at documents.',
    whole(0, 100_000, 1_000),
  ),
  factsAgeMs: setting(
    'NACRE_FACTS_AGE_MS',
    'Where several processes read: how long one goes by what it knows of indexes and of stored values before it asks whether that still holds. A write that changes it, and a change of indexes, wait this long.',
    whole(10, 60_000, 1_000),
  ),
  guardedPathsMax: setting(
    'NACRE_GUARDED_PATHS_MAX',
    'Fields of one namespace without a payload index whose values are watched for one to come; the oldest are let go.',
    whole(1, 10_000, 64),
  ),
} as const
