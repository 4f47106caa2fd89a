import type { Config } from '../../config.ts'
import { fail } from '../../domain/failure.ts'
import type { Embedder, EmbeddingModel } from '../../ports/embedder.ts'
import type { Logger } from '../../ports/logger.ts'
import type { Backend } from './backend.ts'
import { openBundledModel } from './bundled-model.ts'
import { openHttpModel } from './http-model.ts'
import { openLocalModel } from './local-model.ts'
import { QueryCache } from './query-cache.ts'

/** Opens no model yet: each starts with its first text. A model is named as the setting EMBEDDING_MODEL does. */
export async function openEmbedder({
  config,
  log,
}: {
  config: Config
  log: Logger
}): Promise<Embedder> {
  const backends = new Map<string, Backend>()
  const described = new Map<string, EmbeddingModel>()
  const cache = new QueryCache(config.embeddingCacheMax)

  function backendOf(model: string): Backend {
    const open = backends.get(model)
    if (open) return open
    const backend = openBackend(model, config, log)
    backends.set(model, backend)
    return backend
  }

  return {
    async describe(model, signal) {
      const known = described.get(model)
      if (known) return known
      const description = await backendOf(model).describe(signal)
      described.set(model, description)
      return description
    },

    async embed(model, texts, work, signal) {
      if (work === 'batch') return await backendOf(model).embed(texts, work, signal)

      const asked = { owner: work === 'query' ? '' : work.queryOf, model }
      const results = texts.map((text) => cache.get(asked, text))
      const missing = texts.filter((_, i) => results[i] === undefined)
      if (missing.length === 0) return results.filter((result) => result !== undefined)
      const answered = await backendOf(model).embed(missing, 'query', signal)
      answered.forEach((result, i) => {
        if (result instanceof Float32Array) cache.set(asked, missing[i] ?? '', result)
      })
      let next = 0
      return results.flatMap((result) => result ?? answered[next++] ?? [])
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...backends.values()].map((backend) => backend[Symbol.asyncDispose]()))
    },
  }
}

function openBackend(model: string, config: Config, log: Logger): Backend {
  if (model === 'bundled') return openBundledModel(config, log)
  if (model.startsWith('hf:')) return openLocalModel(model)
  if (/^https?:\/\//.test(model)) return openHttpModel(model, config)
  const reason = 'EMBEDDING_MODEL names bundled, hf:<repo or folder>, or an http(s) URL'
  throw fail('inference_unavailable', { model, reason })
}
