import { z } from 'zod'
import { duration, setting, whole } from './setting.ts'

/** What is remembered of clients' reads, and for how long: a part of the table in config.ts. */
export const usageSettings = {
  usageFlushMs: setting(
    'NACRE_USAGE_FLUSH_MS',
    'How often what clients read by is written; a process that is killed loses no more than this.',
    whole(50, 30_000, 10_000),
  ),
  usageBytesMax: setting(
    'NACRE_USAGE_BYTES_MAX',
    'Memory of one process for what clients read by, until it is written.',
    whole(2 ** 16, 2 ** 30, 8 * 2 ** 20),
  ),
  usageFieldsMax: setting(
    'NACRE_USAGE_FIELDS_MAX',
    'Fields of one namespace that reads are counted by, between two writes and in one hour; of more, those named most.',
    whole(8, 100_000, 512),
  ),
  usageShapesMax: setting(
    'NACRE_USAGE_SHAPES_MAX',
    'Shapes of reads of one namespace that are counted, between two writes and in one hour; of more, the most frequent.',
    whole(8, 100_000, 512),
  ),
  usageRowsMax: setting(
    'NACRE_USAGE_ROWS_MAX',
    'Hourly counts of fields of one namespace that are kept, and as many of shapes; the smallest go first.',
    whole(100, 10_000_000, 20_000),
  ),
  usageMs: setting(
    'NACRE_USAGE_KEPT',
    'How long counts of reads are kept, as 90d.',
    duration('90d'),
  ),
  slowReadMs: setting(
    'NACRE_SLOW_READ_MS',
    'A read that takes at least this long is remembered by itself, without the values of its filter.',
    whole(1, 600_000, 100),
  ),
  slowReadsMax: setting(
    'NACRE_SLOW_READS_MAX',
    'Slow reads of one namespace that are remembered: the newest and the slowest.',
    whole(2, 1_000_000, 1_000),
  ),
  querySamples: setting(
    'NACRE_QUERY_SAMPLES',
    'Whether filters of real reads are kept to prove indexes that make themselves; off keeps no value of any filter.',
    z.enum(['on', 'off']).default('on'),
  ),
  querySamplesMax: setting(
    'NACRE_QUERY_SAMPLES_MAX',
    'Reads of one shape that are kept with the values of their filters.',
    whole(1, 10_000, 64),
  ),
  querySamplesTotalMax: setting(
    'NACRE_QUERY_SAMPLES_TOTAL_MAX',
    'Reads of one namespace that are kept with the values of their filters.',
    whole(1, 1_000_000, 2_048),
  ),
  querySampleMs: setting(
    'NACRE_QUERY_SAMPLES_KEPT',
    'How long reads are kept with the values of their filters, as 48h.',
    duration('48h'),
  ),
} as const
