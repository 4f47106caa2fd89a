import type { Hit } from '../demo/measure.ts'
import { lettersVector } from './letters.ts'
import type { NounNamespace } from './noun-namespace.ts'

const leaf = (operator: string, value: unknown) => ({ field: 'relation_count', operator, value })

/** Two values that an index of integers cannot hold, and how each is asked for. */
const strangers = [
  {
    told: 'a fraction, 24.5',
    value: 24.5,
    asked: 'relation_count > 24 AND < 25',
    filters: { AND: [leaf('gt', 24), leaf('lt', 25)] },
  },
  {
    told: 'a text, "dozens"',
    value: 'dozens',
    asked: 'relation_count = "dozens"',
    filters: { AND: [leaf('eq', 'dozens')] },
  },
]

/**
 * Writes what the index cannot hold, and asks for it as soon as each write is acknowledged. Throws where it is missing.
 * Answers their ids.
 */
export async function writeStrangers(nouns: NounNamespace): Promise<string[]> {
  const ids: string[] = []
  for (const { told, value, asked, filters } of strangers) {
    const before = (await idsOf(nouns, filters)).length
    const written = await timed(() => writeNoun(nouns, value))
    const found = await timed(() => idsOf(nouns, filters))
    const isFound = found.result.includes(written.result)
    nouns.print(`  ${told}: written in ${written.ms.toFixed(1)} ms`)
    nouns.print(
      `    ${asked}: ${before} before, ${found.result.length} at once, in ${found.ms.toFixed(1)} ms`,
    )
    if (!isFound) throw new Error(`The noun with ${told} was written and is not found.`)
    ids.push(written.result)
  }
  return ids
}

async function writeNoun(
  { client, collectionId }: NounNamespace,
  value: number | string,
): Promise<string> {
  const path = `/v1/collections/${collectionId}/documents`
  const { document_id: id } = await client.call<Hit>('POST', path, {
    words: ['nacre'],
    definition: 'what shells are lined with',
    relation_count: value,
    vectors: { letters: lettersVector('nacre') },
  })
  return id
}

async function idsOf({ client, collectionId }: NounNamespace, filters: object): Promise<string[]> {
  const path = `/v1/collections/${collectionId}/documents/list`
  const { results } = await client.call<{ results: Hit[] }>('POST', path, { filters, limit: 100 })
  return results.map((hit) => hit.document_id)
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now()
  const result = await work()
  return { result, ms: performance.now() - start }
}
