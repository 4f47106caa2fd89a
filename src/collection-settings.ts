import { duration, setting, whole } from './setting.ts'

/** What collections give beside their documents: files and schemas, a part of the table in config.ts. */
export const collectionSettings = {
  exportDocumentsMax: setting(
    'NACRE_EXPORT_DOCUMENTS_MAX',
    'Documents in one exported file; 400 beyond. A file is made within NACRE_REQUEST_TIMEOUT_MS.',
    whole(1, 100_000_000, 1_000_000),
  ),
  exportColumnsMax: setting(
    'NACRE_EXPORT_COLUMNS_MAX',
    'Columns of one exported table; 400 beyond, unless select_fields names fewer.',
    whole(1, 100_000, 2_000),
  ),
  exportGroupBytes: setting(
    'NACRE_EXPORT_GROUP_BYTES',
    'Bytes of cells that close a row group of a Parquet file; a group is made in one go, while nothing else runs.',
    whole(1, 1 << 30, 256 << 10),
  ),
  exportChunksMax: setting(
    'NACRE_EXPORT_CHUNKS_MAX',
    'Column chunks of one Parquet file, each of which its footer names; groups are larger where it would be more.',
    whole(1, 10_000_000, 100_000),
  ),
  exportFilesMax: setting(
    'NACRE_EXPORT_FILES_MAX',
    'Exported files of one namespace that are kept; the oldest go first.',
    whole(2, 100_000, 100),
  ),
  exportRetentionMs: setting(
    'NACRE_EXPORT_RETENTION',
    'How long an exported file is kept and its URL holds, as 24h, 30m or 90s.',
    duration('24h'),
  ),
  schemaSyncIntervalMs: setting(
    'NACRE_SCHEMA_SYNC_INTERVAL',
    'How long after a look at the documents of a collection another one is skipped, unless it is forced.',
    duration('5m'),
  ),
} as const
