import type { Ports } from '../../ports/ports.ts'
import { readSamples, readShapeUsage } from '../../store/query-usage.ts'
import type { AskedSample, WeighedShape } from './measurement.ts'

/** What clients asked, as far as it can be asked again. */
export interface RecordedReads {
  /** Those that read the field, newest first, then others. */
  samples: AskedSample[]
  /** How many of them read the field. */
  own: number
  shapes: WeighedShape[]
}

/** Reads that are loaded: of the field, and of others beside it. */
const ownMax = 512
const othersMax = 512
const dayMs = 86_400_000

/** The recorded reads of the field, which gain, and others beside them, which must not lose. */
export async function recordedReads(
  { db, now }: Pick<Ports, 'db' | 'now'>,
  namespaceId: string,
  path: string,
): Promise<RecordedReads> {
  const own = await readSamples(db, namespaceId, { path, limit: ownMax })
  const all = await readSamples(db, namespaceId, { limit: ownMax + othersMax })
  const shapes = await readShapeUsage(db, namespaceId, { since: new Date(+now() - dayMs) })
  const known = new Set(own.map(keyOf))
  const others = all.filter((sample) => !known.has(keyOf(sample))).slice(0, othersMax)
  return { samples: [...own, ...others], own: own.length, shapes }
}

function keyOf({ shape, filter, collectionIds, using, limit }: AskedSample): string {
  return JSON.stringify([shape, filter, collectionIds, using, limit])
}
