import type { Ports } from '../../ports/ports.ts'
import type { Payload } from '../../ports/vector-engine.ts'
import { beginLook, endLook } from '../../store/payload-facts.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { GuardType } from './path-facts.ts'
import { PathTally } from './path-tally.ts'

/** All documents that have something at the path; the read gate's, since only it reads the engine. */
export type PathScan = (
  path: string,
) => AsyncIterable<readonly { pointId: string; payload: Payload }[]>

/**
 * Looks at the values of a watched path in all documents, and makes that what readers go by. Null, with nothing looked
 * at, where they are known already and the caller is not alone in the namespace (`beginLook`).
 */
export async function lookAtPath(
  ports: Pick<Ports, 'db' | 'cache' | 'config'>,
  { id: namespaceId, generation }: Pick<Namespace, 'id' | 'generation'>,
  { path, type, isAlone }: { path: string; type: GuardType; isAlone: boolean },
  scan: PathScan,
  onProgress?: (documents: number) => void,
): Promise<PathTally | null> {
  const look = await beginLook(ports.db, { namespaceId, generation, path, type }, isAlone)
  if (look === null) return null
  return await endOfLook(ports, { namespaceId, generation, path, type, look }, scan, onProgress)
}

/** The rest of a look that has begun: for a caller who must not hold a lease while documents are read. */
export async function endOfLook(
  { db, cache, config }: Pick<Ports, 'db' | 'cache' | 'config'>,
  {
    look,
    ...place
  }: { namespaceId: string; generation: number; path: string; type: GuardType; look: number },
  scan: PathScan,
  onProgress?: (documents: number) => void,
): Promise<PathTally> {
  const exceptionsMax = config.indexExceptionsMax
  const tally = new PathTally(place.path, place.type, exceptionsMax)
  for await (const page of scan(place.path)) {
    for (const { pointId, payload } of page) tally.add(pointId, payload)
    onProgress?.(tally.withValue)
  }
  await endLook(db, { ...place, exceptionsMax }, look, {
    kind: 'path',
    path: place.path,
    type: place.type,
    isFirst: false,
    kinds: tally.kinds,
    hasLists: tally.lists > 0,
    exceptions: tally.exceptions,
    isOverflown: tally.isOverflown,
  })
  cache.forget('payload_facts')
  return tally
}
