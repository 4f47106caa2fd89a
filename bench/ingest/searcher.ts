import { readSynsets } from '../../src/cli/demo/wordnet.ts'
import { answerQuestions } from '../support/asked-process.ts'
import { HttpClient } from '../support/http-client.ts'
import { Steady, type Stats } from '../support/steady.ts'
import { queryVector } from '../support/point-lines.ts'

// The second process: searches at a steady rate while its parent writes.

export interface Place {
  url: string
  key: string
  points: { namespaceId: string; retrieverId: string }
  texts: { namespaceId: string; retrieverId: string }
}

export const searchesPerSecond = { vectors: 50, texts: 10 } as const

export interface Questions {
  open: { ask: Place; answer: null }
  search: { ask: { kind: 'vectors' | 'texts'; seconds: number }; answer: Stats }
}

/** Each is asked once: an embedding that is in the cache already says nothing of the model. */
const queries = (await readSynsets(Number.MAX_SAFE_INTEGER))
  .map(({ definition }) => definition)
  .toReversed()
let asked = 0

let searches: Record<'vectors' | 'texts', (i: number) => Promise<void>> | null = null

answerQuestions<Questions>({
  open({ url, key, points, texts }) {
    const client = new HttpClient(url, { authorization: `Bearer ${key}` })
    const searchOf = ({ namespaceId, retrieverId }: Place['points']) => {
      const within = client.within(namespaceId)
      return async (inputs: object) => {
        const path = `/v1/retrievers/${retrieverId}/execute`
        const { documents } = await within.call('POST', path, { inputs })
        if (!Array.isArray(documents) || documents.length < 10)
          throw new Error('A search answered fewer than 10 documents')
      }
    }
    const [nearest, byMeaning] = [searchOf(points), searchOf(texts)]
    searches = {
      vectors: (i) => nearest({ v: queryVector(i) }),
      texts: () => byMeaning({ query: queries[asked++ % queries.length] }),
    }
    return null
  },
  async search({ kind, seconds }) {
    if (searches === null) throw new Error('open comes first')
    const steady = new Steady(searchesPerSecond[kind], searches[kind])
    const from = Date.now()
    steady.start()
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    const to = Date.now()
    await steady.stop()
    return await steady.stats(from, to)
  },
})
