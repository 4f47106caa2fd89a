import type { Ports } from '../../ports/ports.ts'
import { fail } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { AskedSample } from './measurement.ts'
import type { Filter } from '../filters/filter.ts'

export type ReplayPorts = Pick<Ports, 'db' | 'cache' | 'vectors' | 'config' | 'log' | 'now'>

/** The documents that a recorded query finds: all of them, in the order of ids, up to `upTo`. */
export interface ReplayedQuery {
  key: string
  shape: string
  filter: Filter
  collectionIds: string[] | null
  /** 16 bytes a point id, ascending. */
  ids: Uint8Array
  /** Where the budget of ids ended it: what lies beyond this id was not looked at. Null: it is whole. */
  upTo: string | null
  /** Of ids that an earlier replay tells otherwise: what the engine says, and the naive evaluation of the document. */
  judged: Judged[]
}

export interface Judged {
  pointId: string
  engine: boolean
  /** By the payload as it is stored now; null where it changed during each look. */
  naive: boolean | null
}

export interface ReplayedIds {
  queries: ReplayedQuery[]
  /** Samples that were not asked: the budget was used up, or the read gate refused them. */
  skipped: number
  takenAt: string
}

/**
 * The exact ids of every recorded query. With `against` (the replay before an index), each id that differs is
 * judged: the naive evaluation of its current payload beside what the engine says (design 7, Auto-indexes).
 */
export async function replayIds(
  _ports: ReplayPorts,
  _namespace: Namespace,
  _samples: readonly AskedSample[],
  _options: { exact: true; against?: ReplayedIds; signal?: AbortSignal },
): Promise<ReplayedIds> {
  throw fail('bad_request', { reason: 'Replaying is not written yet.' })
}
