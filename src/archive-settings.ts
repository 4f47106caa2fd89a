import { setting, whole } from './setting.ts'

/** Archives of a running server: a part of the table in config.ts. */
export const archiveSettings = {
  dumpHoldMs: setting(
    'NACRE_DUMP_HOLD_MS',
    'How long writers of a namespace wait at most while a dump reads what was written to it last, and a dump for whoever holds it.',
    whole(100, 3_600_000, 30_000),
  ),
  loadBytesMax: setting(
    'NACRE_LOAD_BYTES_MAX',
    'Largest piece of an archive that one request may load; 413 beyond.',
    whole(1 << 20, 1 << 30, 64 << 20),
  ),
} as const
