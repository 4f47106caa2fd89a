import { setting, whole } from './setting.ts'

/** What finding out whether an index that made itself may stay can cost: a part of the table in config.ts. */
export const gainSettings = {
  indexSavedMicrosecondsMin: setting(
    'NACRE_INDEX_SAVED_US_MIN',
    'Least time, in microseconds, that an automatic index must save of a read: below it a gain is noise.',
    whole(0, 60_000_000, 200),
  ),
  indexMeasureRoundsMax: setting(
    'NACRE_INDEX_MEASURE_ROUNDS_MAX',
    'Rounds of one measurement of recorded reads; each asks one read of each shape, up to four times.',
    whole(3, 10_000, 60),
  ),
  indexMeasureShapesMax: setting(
    'NACRE_INDEX_MEASURE_SHAPES_MAX',
    'Shapes of reads in one measurement of recorded reads.',
    whole(1, 1_000, 24),
  ),
  indexMeasureSamplesMax: setting(
    'NACRE_INDEX_MEASURE_SAMPLES_MAX',
    'Recorded reads of one shape that are asked again in one measurement.',
    whole(1, 64, 12),
  ),
  indexReplayMs: setting(
    'NACRE_INDEX_REPLAY_MS',
    'How long recorded reads are replayed to compare their answers; what is left then is not compared, and said so.',
    whole(100, 3_600_000, 30_000),
  ),
  indexReplayIdsMax: setting(
    'NACRE_INDEX_REPLAY_IDS_MAX',
    'Ids of documents that one replay of recorded reads remembers, 16 bytes each.',
    whole(1_000, 100_000_000, 1_000_000),
  ),
} as const
