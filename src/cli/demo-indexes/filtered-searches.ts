import { allIds, type Hit } from '../demo/measure.ts'
import { lettersVector } from './letters.ts'
import type { NounNamespace } from './noun-namespace.ts'

export const searchesTotal = 150
/** Relations that the searches ask for at least: from one noun in seventeen to one in two hundred. */
const relations = [8, 10, 12, 15, 20, 30]

export interface Searched {
  p50Ms: number
  p95Ms: number
  /** Of what each search found, best first: nouns that are spelt alike may trade places. */
  scores: string[]
  /** Of each filter, every document that it matches. */
  matches: string[][]
}

/** The same 150 searches each time, one after the other, each with a filter on `relation_count`. */
export async function searchNouns(nouns: NounNamespace): Promise<Searched> {
  const { client, retrieverId, synsets } = nouns
  const times: number[] = []
  const scores: string[] = []
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
    scores.push(documents.map(({ score }) => score?.toFixed(4)).join())
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0
  return { p50Ms: at(0.5), p95Ms: at(0.95), scores, matches: await matchesOf(nouns) }
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
