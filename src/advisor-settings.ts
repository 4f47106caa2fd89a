import { z } from 'zod'
import { duration, setting, whole } from './setting.ts'

/** When indexes make themselves, and what it takes for one to stay: a part of the table in config.ts. */
export const advisorSettings = {
  indexCheckMs: setting(
    'NACRE_INDEX_CHECK_INTERVAL',
    'How often namespaces with auto_create_indexes are checked, as 6h, 30m or 90s; a field that crosses a threshold brings the check forward.',
    duration('6h'),
  ),
  indexFiltersMin: setting(
    'NACRE_INDEX_FILTERS_MIN',
    'A field that is filtered by more often than this in 24 hours is decided about.',
    whole(1, 1_000_000_000, 100),
  ),
  indexCostMs: setting(
    'NACRE_INDEX_COST_MS',
    'A field whose filtered reads take at least this long together in 24 hours is decided about, however few they are.',
    whole(1, 86_400_000, 60_000),
  ),
  autoIndexesMax: setting(
    'NACRE_AUTO_INDEXES_MAX',
    'Payload indexes of one namespace that made themselves.',
    whole(0, 1_000, 16),
  ),
  autoIndexBytesMax: setting(
    'NACRE_AUTO_INDEX_BYTES_MAX',
    'Estimated bytes of all payload indexes of one namespace that made themselves.',
    whole(0, Number.MAX_SAFE_INTEGER, 2 ** 30),
  ),
  indexExceptionPermilleMax: setting(
    'NACRE_INDEX_EXCEPTION_PERMILLE_MAX',
    'Values in a thousand documents that an index which makes itself may be unable to hold; they become its exceptions, up to NACRE_INDEX_EXCEPTIONS_MAX.',
    whole(0, 1_000, 10),
  ),
  indexGainPercentMin: setting(
    'NACRE_INDEX_GAIN_PERCENT_MIN',
    'Least measured saving of time, on the recorded queries of the field, for which an index is kept.',
    whole(0, 100, 20),
  ),
  indexLossPercentMax: setting(
    'NACRE_INDEX_LOSS_PERCENT_MAX',
    'Most that any other recorded query may become slower by an index that is kept.',
    whole(0, 1_000, 10),
  ),
  indexMeasureMs: setting(
    'NACRE_INDEX_MEASURE_MS',
    'Longest one measurement of recorded queries may take, before and again after an index is made.',
    whole(100, 600_000, 5_000),
  ),
  indexUnproven: setting(
    'NACRE_INDEX_UNPROVEN',
    'What becomes of a field without recorded queries to measure, as with NACRE_QUERY_SAMPLES=off: decline, or keep the index on the strength of the census alone.',
    z.enum(['decline', 'keep']).default('decline'),
  ),
  indexBlockMs: setting(
    'NACRE_INDEX_BLOCK',
    'How long a field is left alone after its index was declined or taken back, as 30d; it doubles each time.',
    duration('30d'),
  ),
  indexChurnMs: setting(
    'NACRE_INDEX_CHURN',
    'At most one index is made by itself and one taken back for a field in this time, as 7d.',
    duration('7d'),
  ),
  indexRetryMs: setting(
    'NACRE_INDEX_RETRY',
    'How long a field is left alone after making its index failed, as 1h; it doubles each time.',
    duration('1h'),
  ),
  indexRestartsMax: setting(
    'NACRE_INDEX_RESTARTS_MAX',
    'How often one decision is begun anew after deaths of processes before it counts as failed.',
    whole(0, 100, 5),
  ),
  filterLinksWindowMs: setting(
    'NACRE_FILTER_LINKS_WINDOW',
    'Filter links of new indexes are built into the vectors at most once in this time, as 24h.',
    duration('24h'),
  ),
  indexDecisionsMax: setting(
    'NACRE_INDEX_DECISIONS_MAX',
    'Ended decisions about fields of one namespace that are remembered.',
    whole(1, 1_000_000, 1_000),
  ),
  indexEventsMax: setting(
    'NACRE_INDEX_EVENTS_MAX',
    'Steps of decisions and actions of the drift guard of one namespace that are remembered.',
    whole(1, 10_000_000, 10_000),
  ),
}
