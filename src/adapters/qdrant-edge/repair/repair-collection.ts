import type { Shard } from '../../../../edge/index.d.ts'
import type { CollectionSpec, RepairReport } from '../../../ports/vector-engine.ts'
import type { CollectionFolders } from '../collection-folders.ts'
import { jsonBytes } from '../json-bytes.ts'
import { BrokenShard } from './broken-shard.ts'
import { readThrough } from './salvage.ts'

interface Damaged {
  folders: CollectionFolders
  name: string
  /** What the collection is to hold. */
  spec: CollectionSpec
  shardClass: typeof Shard
  /** Aborted where this process closes its shards: the next one goes on. */
  signal: AbortSignal
}

/**
 * Puts a shard with all that can still be read in the place of one that cannot be opened, or not be read through; the
 * broken one is kept beside. The caller keeps everybody else out. Killed at any point, the next call goes on: until the
 * last rename there is no shard in place, or the broken one.
 */
export async function repairCollection(damaged: Damaged): Promise<RepairReport> {
  const { folders, name, signal } = damaged
  if (await folders.hasShard(name)) {
    const outcome = await readThrough(folders.shardPath(name), signal)
    if (!('error' in outcome) && outcome.unreadable === 0)
      return { wasBroken: false, points: outcome.points, lost: [] }
    await folders.setShardAside(name)
  }
  const { points, lost } = await folders.replaceShard(name, async (path) => {
    const fresh = await damaged.shardClass.create(path, jsonBytes(damaged.spec))
    await fresh.close()
    return await new BrokenShard(folders.brokenPath(name), signal).salvage(path)
  })
  return { wasBroken: true, points, lost }
}
