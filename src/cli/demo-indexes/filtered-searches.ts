import { allIds, type Hit } from '../demo/measure.ts'
import { lettersVector } from './letters.ts'
import type { NounNamespace } from './noun-namespace.ts'

export const searchesTotal = 150
/** Relations that the searches ask for at least: from one noun in seventeen to one in two hundred. */
const relations = [8, 10, 12, 15, 20, 30]

export interface Searched {
  p50Ms: number
  p95Ms: number
  /** What each search found, best first. */
  found: Hit[][]
  /** Of each filter, every document that it matches. */
  matches: string[][]
}

/** The same 150 searches each time, one after the other, each with a filter on `relation_count`. */
export async function searchNouns(nouns: NounNamespace): Promise<Searched> {
  const { client, retrieverId, synsets } = nouns
  const times: number[] = []
  const found: Hit[][] = []
  for (let i = 0; i < searchesTotal; i++) {
    const words = synsets[(i * 181) % synsets.length]?.words ?? []
    const inputs = {
      letters: lettersVector(words.join(' ')),
      relations: relations[i % relations.length],
    }
    const start = performance.now()
    const path = `/v1/retrievers/${retrieverId}/execute`
    const { documents } = await client.call<{ documents: Hit[] }>('POST', path, { inputs })
    times.push(performance.now() - start)
    found.push(documents)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return { p50Ms: at(0.5), p95Ms: at(0.95), found, matches: await matchesOf(nouns) }
}

/**
 * How many searches found the same scores in the same order, documents that were written meanwhile apart: nouns that are
 * spelt alike may trade places.
 */
export function alikeTotal(before: Searched, after: Searched, written: readonly string[]): number {
  return after.found.filter((hits, i) => {
    const known = hits.filter((hit) => !written.includes(hit.document_id))
    return scoresOf(known) === scoresOf(before.found[i]?.slice(0, known.length) ?? [])
  }).length
}

function scoresOf(hits: readonly Hit[]): string {
  return hits.map(({ score }) => score?.toFixed(4)).join()
}

async function matchesOf({ client, collectionId }: NounNamespace): Promise<string[][]> {
  const matches: string[][] = []
  for (const least of relations) {
    const filter = { AND: [{ field: 'relation_count', operator: 'gte', value: least }] }
    matches.push(await allIds(client, collectionId, filter))
  }
  return matches
}

const listsTotal = 110
const looked = ['light', 'water', 'small', 'leaves', 'sweet']

/** Lists filtered by words of the definition, as often as leads to a decision: here to a "no". */
export async function askByWords({ client, collectionId }: NounNamespace): Promise<void> {
  const path = `/v1/collections/${collectionId}/documents/list`
  for (let i = 0; i < listsTotal; i++) {
    const value = looked[i % looked.length]
    const filters = { AND: [{ field: 'definition', operator: 'contains', value }] }
    await client.call('POST', path, { filters, limit: 5 })
  }
}
