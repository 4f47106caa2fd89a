import { answerQuestions } from '../support/asked-process.ts'
import { HttpClient } from '../support/http-client.ts'
import { ownVector } from '../support/points.ts'
import { Steady, type Stats } from '../support/steady.ts'
import { compare, type Comparison } from './compare.ts'
import { Model } from './model.ts'
import { Reader } from './reader.ts'
import { callsPerSecond, Writer } from './writer.ts'

// The second process: reads, writes, and knows what has to be there. Its parent asks over the channel of `fork`.

export interface Place {
  url: string
  key: string
  namespaceId: string
  collectionId: string
  retrieverId: string
  readsPerSecond: number
}

type Kind = 'reads' | 'writes'

/** What the parent can ask, and what is answered. */
export interface Questions {
  open: { ask: Place; answer: null }
  start: { ask: Kind; answer: null }
  stop: { ask: Kind; answer: null }
  /** Of the calls that began in the span, milliseconds since 1970. */
  stats: { ask: { kind: Kind; from: number; to: number }; answer: Stats }
  /** Documents are written with these vectors from now on. */
  write: { ask: readonly string[]; answer: null }
  /** The import was sent again, with these vectors; no write was under way. */
  imported: { ask: readonly string[]; answer: null }
  compare: { ask: null; answer: Comparison }
}

interface Opened {
  place: Place
  within: HttpClient
  model: Model
  writer: Writer
  reads: Steady
  writes: Steady
}

let opened: Opened | null = null

function open(place: Place): void {
  const client = new HttpClient(place.url, { authorization: `Bearer ${place.key}` })
  const within = client.within(place.namespaceId)
  const model = new Model([ownVector])
  const reader = new Reader(within, place)
  // On connections of their own: a read never waits for a write on its way there.
  const writer = new Writer(client.within(place.namespaceId), place.collectionId, model)
  const reads = new Steady(place.readsPerSecond, (i) => reader.read(i))
  const writes = new Steady(callsPerSecond, (i) => writer.write(i))
  opened = { place, within, model, writer, reads, writes }
}

answerQuestions<Questions>({
  open(place) {
    open(place)
    return null
  },
  start(kind) {
    there()[kind].start()
    return null
  },
  async stop(kind) {
    await there()[kind].stop()
    return null
  },
  stats: ({ kind, from, to }) => there()[kind].stats(from, to),
  write(vectors) {
    there().writer.vectors = vectors
    return null
  },
  imported(vectors) {
    there().model.imported(vectors)
    return null
  },
  compare() {
    const { within, place, model, writer } = there()
    return compare(within, place.collectionId, model, writer.unsure)
  },
})

function there(): Opened {
  if (opened === null) throw new Error('open comes first')
  return opened
}
