import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DenseBlock, EdgeError, Shard } from './index.d.ts'
import { loadEdge } from './load.ts'

/** A folder for tests, gone with the scope. */
export async function scratchFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'nacre-edge-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A new shard with the dense vector `a` (4 numbers, Cosine), `multi` (2, Dot) and the sparse `words`. */
export async function scratchShard(): Promise<{ shard: Shard; path: string } & AsyncDisposable> {
  const folder = await scratchFolder()
  const path = join(folder.path, 'shard')
  const shard = await loadEdge().Shard.create(path, json(scratchConfig))
  const dispose = async () => {
    await shard.close()
    await folder[Symbol.asyncDispose]()
  }
  return { shard, path, [Symbol.asyncDispose]: dispose }
}

const scratchConfig = {
  vectors: {
    a: { size: 4, distance: 'Cosine' },
    multi: { size: 2, distance: 'Dot', multivector_config: { comparator: 'max_sim' } },
  },
  sparse_vectors: { words: {} },
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

/** The addon's answer; the test names its type. */
export function parsed<T>(bytes: Buffer): T {
  return JSON.parse(bytes.toString())
}

export function pointId(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`
}

/** One dense row for each of the first points. */
export function dense(name: string, rows: number[][]): DenseBlock {
  return {
    name,
    size: rows[0]?.length ?? 1,
    rows: Uint32Array.from(rows.keys()),
    values: Float32Array.from(rows.flat()),
  }
}

/** Points `from` … `from + count - 1`, payload `{n}`, with random vectors of these names and sizes. */
export async function upsertRandom(
  shard: Shard,
  from: number,
  count: number,
  sizes: Record<string, number>,
): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => from + index)
  const blocks = Object.entries(sizes).map(([name, size]) => ({
    name,
    size,
    rows: Uint32Array.from(numbers.keys()),
    values: Float32Array.from({ length: count * size }, () => Math.random() - 0.5),
  }))
  await shard.upsert(json(numbers.map((n) => ({ id: pointId(n), payload: { n } }))), blocks)
}

/** For assert.rejects: the failure's class, and that its sentence names what is wrong. */
export function failure(code: EdgeError['code'], sentence: RegExp): (error: unknown) => boolean {
  return (error) =>
    error instanceof Error && 'code' in error && error.code === code && sentence.test(error.message)
}
