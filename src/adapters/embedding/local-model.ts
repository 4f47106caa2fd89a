import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fail } from '../../domain/failure.ts'
import type { EmbeddingModel, TextRefusal } from '../../ports/embedder.ts'
import type { Backend } from './backend.ts'
import { emptyText, inferenceNameOf } from './backend.ts'

/** Optional and outside the lock file: whoever sets `hf:` installs it (design 7, packaging). */
const library = '@huggingface/transformers'
const callTextsMax = 16
/** Of the tokens of a text; the same bound as for the bundled model's letters. */
const unknownTokensMax = 0.2
/** Read where a model says nothing of its own. */
const tokensMaxDefault = 512

/** The part of the library that is used here. */
interface Pipeline {
  (
    texts: string[],
    options: { pooling: 'mean'; normalize: true },
  ): Promise<{ data: Float32Array; dims: number[] }>
  tokenizer: {
    encode(text: string): number[]
    model_max_length?: number
    unk_token_id?: number | null
  }
  dispose(): Promise<unknown>
}

/** `hf:<repo or folder>` through Transformers.js, in its own native threads. */
export function openLocalModel(setting: string): Backend {
  const source = setting.slice('hf:'.length)
  let loading: Promise<Pipeline> | null = null
  let dimensions: number | null = null

  async function load(): Promise<Pipeline> {
    loading ??= loadPipeline(setting, source)
    return await loading.catch((error) => {
      loading = null
      throw error
    })
  }

  async function embedSome(pipeline: Pipeline, texts: string[]): Promise<Float32Array[]> {
    const { data, dims } = await pipeline(texts, { pooling: 'mean', normalize: true })
    const size = dims.at(-1) ?? 0
    dimensions = size
    return texts.map((_, i) => data.slice(i * size, (i + 1) * size))
  }

  return {
    async describe(): Promise<EmbeddingModel> {
      const pipeline = await load()
      if (dimensions === null) await embedSome(pipeline, ['probe'])
      return {
        model: setting,
        inferenceName: inferenceNameOf(source),
        dimensions: dimensions ?? 0,
        languages: ['*'],
        tokensMax: tokensMaxOf(pipeline),
      }
    },
    async embed(texts, _priority, signal) {
      const pipeline = await load()
      const results = texts.map((text): Float32Array | TextRefusal | null =>
        refusalOf(pipeline, text),
      )
      const readable = texts.flatMap((_, i) => (results[i] === null ? [i] : []))
      for (let from = 0; from < readable.length; from += callTextsMax) {
        signal?.throwIfAborted()
        const places = readable.slice(from, from + callTextsMax)
        const vectors = await embedSome(
          pipeline,
          places.map((i) => texts[i] ?? ''),
        )
        vectors.forEach((vector, i) => (results[places[i] ?? 0] = vector))
      }
      return results.map((result) => result ?? emptyText())
    },
    async [Symbol.asyncDispose]() {
      const pipeline = await loading?.catch(() => null)
      await pipeline?.dispose()
    },
  }
}

async function loadPipeline(model: string, source: string): Promise<Pipeline> {
  let transformers: { pipeline(task: string, source: string): Promise<Pipeline> }
  try {
    transformers = await import(library)
  } catch (cause) {
    const reason = `${library} is not installed; run: npm install --no-save ${library}`
    throw fail('inference_unavailable', { model, reason }, { cause })
  }
  try {
    return await transformers.pipeline('feature-extraction', await placeOf(source))
  } catch (cause) {
    const reason = `it cannot be loaded: ${cause instanceof Error ? cause.message : String(cause)}`
    throw fail('inference_unavailable', { model, reason }, { cause })
  }
}

/** An absolute path for a folder, which the library would take for a repository; else the repository's name. */
async function placeOf(source: string): Promise<string> {
  const found = await stat(source).catch(() => null)
  return found?.isDirectory() ? resolve(source) : source
}

function refusalOf(pipeline: Pipeline, text: string): TextRefusal | null {
  if (text.trim() === '') return emptyText()
  const tokens = pipeline.tokenizer.encode(text)
  const limit = tokensMaxOf(pipeline)
  if (tokens.length > limit) {
    const message = `The text has ${tokens.length} tokens and the model reads ${limit}; set split_by and chunk_size.`
    return { reason: 'too_long', message }
  }
  const unknown = tokens.filter((id) => id === pipeline.tokenizer.unk_token_id).length
  if (unknown / tokens.length <= unknownTokensMax) return null
  const message = `The model cannot represent ${unknown} of the text's ${tokens.length} tokens; see EMBEDDING_MODEL.`
  return { reason: 'unrepresentable', message }
}

function tokensMaxOf({ tokenizer }: Pipeline): number {
  const told = tokenizer.model_max_length
  return told !== undefined && told > 0 && told < 1_000_000 ? told : tokensMaxDefault
}
