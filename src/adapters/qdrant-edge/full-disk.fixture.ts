import { execFileSync } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { fillDisk, removeFiller } from '../../../test/support/filler.ts'
import { silentLogger } from '../../../test/support/silent-logger.ts'
import { readConfig } from '../../config.ts'
import { isFailure } from '../../domain/failure.ts'
import type { NewPoint, VectorEngine } from '../../ports/vector-engine.ts'
import { openDiskRoom } from '../data-folder/disk-room.ts'
import { openQdrantEdge } from './open-qdrant-edge.ts'

// Run by full-disk.test.ts on a small file system of its own; prints what the engine answered at each point.
const folder = process.argv[2] ?? ''
// A quarter of it is more than what opening the shard takes: on tmpfs holes that are looked at are filled, 32 MB of vectors.
const reserveBytes = 144 << 20
const config = readConfig({ NACRE_SHARD_IDLE_MS: '1000', NACRE_FLUSH_INTERVAL_MS: '100' })
const room = openDiskRoom(folder, reserveBytes)

interface Answers {
  write: string
  read: string
  delete: string
}
const told: Record<string, Answers> = {}
/** Where it died, if it does. */
const at = (stage: string) => process.stderr.write(`${stage}\n`)
{
  await using engine = await openQdrantEdge({ folder, config, room, log: silentLogger })
  const spec = { vectors: { a: { size: 64, distance: 'Cosine' as const } }, sparse_vectors: {} }
  await engine.createCollection('films', spec)
  await engine.write('films', { kind: 'upsert', points: points(1, 2_000) })
  told['with room'] = await answersOf(engine, 3_000)

  at('going into the reserve')
  await fillDisk(folder, reserveBytes * 0.9)
  told['in the reserve'] = await answersOf(engine, 4_000)
  // A flush that is under way while others take the whole reserve is what nothing saves from SIGBUS.
  await engine.flush('films')
  await sleep(1_000)
  at('filling the disk')
  await fillDisk(folder, 0)
  // Long enough for what housekeeping would do: a flush, and the end of an unused shard.
  await sleep(1_500)
  told['full'] = await answersOf(engine, 5_000)
  at('making room')
  await removeFiller(folder)
  told['with room again'] = await answersOf(engine, 6_000)

  // Long unused, the shard is closed: only then nothing is open for writing, and the kernel remounts.
  at('waiting for the end of the shard')
  await sleep(2_500)
  execFileSync('mount', ['-o', 'remount,ro', folder])
  told['read-only'] = await answersOf(engine, 7_000)
  at('writable again')
  execFileSync('mount', ['-o', 'remount,rw', folder])
  told['writable again'] = await answersOf(engine, 8_000)
}
process.stdout.write(JSON.stringify(told))

async function answersOf(engine: VectorEngine, from: number): Promise<Answers> {
  // What was seen of the disk is held true for a moment.
  await sleep(150)
  return {
    write: await answerOf(() =>
      engine.write('films', { kind: 'upsert', points: points(from, 10) }),
    ),
    read: await answerOf(() => engine.scroll('films', { limit: 1 })),
    delete: await answerOf(() =>
      engine.write('films', { kind: 'delete', selection: { points: [from] } }),
    ),
  }
}

async function answerOf(call: () => Promise<unknown>): Promise<string> {
  return await call().then(
    () => 'done',
    (error: unknown) => {
      if (isFailure(error, 'engine_unavailable')) return error.detail.reason
      return `something else: ${error instanceof Error ? error.stack : String(error)}`
    },
  )
}

function points(from: number, count: number): NewPoint[] {
  return Array.from({ length: count }, (_, n) => ({
    id: from + n,
    payload: { plot: 'a film about nothing in particular '.repeat(8) },
    vectors: { a: Float32Array.from({ length: 64 }, (_one, i) => Math.sin(from + n + i)) },
  }))
}
