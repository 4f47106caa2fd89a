import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbedder } from '../../src/adapters/embedding/open-embedder.ts'
import { openLogger } from '../../src/compose.ts'
import { readConfig } from '../../src/config.ts'
import { openClient } from '../../src/cli/demo/client.ts'
import { followTask, submitBatch, uploadObjects } from '../../src/cli/demo/ingest.ts'
import { readSynsets, type Synset } from '../../src/cli/demo/wordnet.ts'
import type { Embedder } from '../../src/ports/embedder.ts'
import { openBenchServer } from '../support/bench-server.ts'
import { timed } from '../support/statistics.ts'
import { createTexts, type Texts } from '../support/texts.ts'

const rounds = 3
const textsWarm = 400
/** Short beside the seconds that are measured. */
const pollMs = 100

interface Round {
  /** Seconds. */
  model: number
  uploading: number
  processing: number
}

/**
 * Texts as objects, from the first request to the end of their batch, in turns with the model alone on the same texts:
 * both have every core to themselves. Goal: at least 90 % of the model's rate.
 */
export async function measureTexts(
  write: (line: string) => void,
  textsPerRound: number,
): Promise<void> {
  const synsets = await readSynsets(Number.MAX_SAFE_INTEGER)
  const partsOf = (i: number) =>
    synsets.slice(textsWarm + i * textsPerRound, textsWarm + (i + 1) * textsPerRound)
  await using folder = await mkdtempDisposable(join(tmpdir(), 'nacre-bench-'))
  await using server = await openBenchServer(folder.path)
  const texts = await createTexts(openClient(server.url, server.key))
  await using embedder = await openEmbedder({
    config: readConfig({}),
    log: openLogger({ level: 'silent' }),
  })
  await measureRound(texts, embedder, synsets.slice(0, textsWarm))
  write('\n## Texts\n')
  write(
    '| texts | the model alone, texts/s | end to end, documents/s | share | uploading s | batch s |',
  )
  write('| ----: | ----: | ----: | ----: | ----: | ----: |')
  const measured: Round[] = []
  for (let i = 0; i < rounds; i++) {
    const round = await measureRound(texts, embedder, partsOf(i))
    measured.push(round)
    write(rowOf(`${partsOf(i).length}`, partsOf(i).length, round))
  }
  const total = measured.reduce((a, b) => ({
    model: a.model + b.model,
    uploading: a.uploading + b.uploading,
    processing: a.processing + b.processing,
  }))
  write(`\nOf the model's rate: ${shareOf(total)} (goal: at least 90 %)`)
}

async function measureRound(
  texts: Texts,
  embedder: Embedder,
  synsets: readonly Synset[],
): Promise<Round> {
  const { within, bucketId } = texts
  const model = await timed(() => embedAll(embedder, synsets.map(textOf)))
  let ids: string[] = []
  const uploading = await timed(async () => {
    ids = await uploadObjects(within, bucketId, synsets, () => {})
  })
  const processing = await timed(async () => {
    await followTask(within, await submitBatch(within, bucketId, ids), () => {}, pollMs)
  })
  return { model: model / 1000, uploading: uploading / 1000, processing: processing / 1000 }
}

/** Two calls at once: while one waits for its last texts, the other keeps the threads busy. */
async function embedAll(embedder: Embedder, texts: readonly string[]): Promise<void> {
  const half = Math.ceil(texts.length / 2)
  const halves = [texts.slice(0, half), texts.slice(half)]
  await Promise.all(halves.map((part) => embedder.embed('bundled', part, 'batch')))
}

/** As the demo's objects have it. */
function textOf({ words, definition }: Synset): string {
  return `${words.join(', ')}: ${definition}`
}

function rowOf(name: string, count: number, round: Round): string {
  const { model, uploading, processing } = round
  const rates = [count / model, count / (uploading + processing)].map((rate) => rate.toFixed(0))
  const seconds = [uploading, processing].map((each) => each.toFixed(2))
  return `| ${[name, ...rates, shareOf(round), ...seconds].join(' | ')} |`
}

function shareOf({ model, uploading, processing }: Round): string {
  return `${((100 * model) / (uploading + processing)).toFixed(1)} %`
}
