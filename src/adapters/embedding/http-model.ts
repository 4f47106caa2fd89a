import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Config } from '../../config.ts'
import { fail } from '../../domain/failure.ts'
import type { EmbeddingModel, TextRefusal } from '../../ports/embedder.ts'
import type { Backend } from './backend.ts'
import { emptyText, inferenceNameOf } from './backend.ts'

/** Texts in one request; what common servers take. */
const requestTextsMax = 64
const attemptsMax = 3
const backoffMs = 250

const Answer = z.object({
  model: z.string().optional(),
  data: z.array(z.object({ index: z.number().int().optional(), embedding: z.array(z.number()) })),
})
type Answer = z.infer<typeof Answer>

/** The endpoint understood the request and refuses its texts. */
class TextsRefused extends Error {
  override readonly name = 'TextsRefused'
}

/**
 * An OpenAI-compatible endpoint: `https://host/v1#text-embedding-3-small`, where the fragment names the model (a
 * server of a single model needs none). Dimensions are those of a probe; a vector of another size is a failure.
 */
export function openHttpModel(setting: string, config: Config): Backend {
  const { endpoint, name } = parseSetting(setting)
  let known: EmbeddingModel | null = null

  async function describe(signal?: AbortSignal): Promise<EmbeddingModel> {
    if (known) return known
    const answer = await ask(['probe'], signal)
    const dimensions = answer.data[0]?.embedding.length ?? 0
    if (dimensions === 0) throw unavailable('it answered no vector')
    const inferenceName = inferenceNameOf(name ?? answer.model ?? endpoint.hostname)
    // 0: the endpoint decides how long a text may be, and refuses what is longer.
    known = { model: setting, inferenceName, dimensions, languages: ['*'], tokensMax: 0 }
    return known
  }

  async function embedAll(
    texts: readonly string[],
    signal?: AbortSignal,
  ): Promise<(Float32Array | TextRefusal)[]> {
    const { dimensions } = await describe(signal)
    try {
      const answer = await ask(texts, signal)
      return vectorsOf(answer, texts.length, dimensions)
    } catch (error) {
      if (!(error instanceof TextsRefused)) throw error
      if (texts.length === 1) return [refusalOf(error.message)]
      // One bad text spoils the request: each is asked alone, so that its neighbours keep their vectors.
      const single: (Float32Array | TextRefusal)[] = []
      for (const text of texts) single.push(...(await embedAll([text], signal)))
      return single
    }
  }

  async function ask(texts: readonly string[], signal?: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await post(texts, signal)
      if ('answer' in outcome) return outcome.answer
      if (!outcome.isWorthRetrying || attempt === attemptsMax) throw unavailable(outcome.reason)
      await sleep(backoffMs * 2 ** (attempt - 1), undefined, signal ? { signal } : {})
    }
  }

  type Outcome = { answer: Answer } | { reason: string; isWorthRetrying: boolean }
  async function post(texts: readonly string[], signal?: AbortSignal): Promise<Outcome> {
    const timeout = AbortSignal.timeout(config.embeddingTimeoutMs)
    try {
      const response = await fetch(endpoint, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(config.embeddingApiKey && { authorization: `Bearer ${config.embeddingApiKey}` }),
        },
        body: JSON.stringify({
          input: texts,
          encoding_format: 'float',
          ...(name && { model: name }),
        }),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      })
      return await readOutcome(response)
    } catch (error) {
      if (error instanceof TextsRefused || signal?.aborted) throw error
      const reason = timeout.aborted
        ? `no answer in ${config.embeddingTimeoutMs} ms`
        : messageOf(error)
      return { reason, isWorthRetrying: true }
    }
  }

  function vectorsOf(answer: Answer, count: number, dimensions: number): Float32Array[] {
    const ordered = answer.data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0))
    if (ordered.length !== count)
      throw unavailable(`it answered ${ordered.length} vectors for ${count} texts`)
    return ordered.map(({ embedding }) => {
      if (embedding.length === dimensions) return Float32Array.from(embedding)
      throw unavailable(
        `it answered a vector of ${embedding.length} dimensions, and ${dimensions} before`,
      )
    })
  }

  function unavailable(reason: string): Error {
    return fail('inference_unavailable', { model: endpoint.origin + endpoint.pathname, reason })
  }

  return {
    describe,
    async embed(texts, _priority, signal) {
      const results: (Float32Array | TextRefusal)[] = texts.map(emptyText)
      const present = texts.flatMap((text, i) => (text.trim() === '' ? [] : [i]))
      for (let from = 0; from < present.length; from += requestTextsMax) {
        const places = present.slice(from, from + requestTextsMax)
        const answered = await embedAll(
          places.map((i) => texts[i] ?? ''),
          signal,
        )
        answered.forEach((result, i) => (results[places[i] ?? 0] = result))
      }
      return results
    },
    async [Symbol.asyncDispose]() {},
  }
}

async function readOutcome(
  response: Response,
): Promise<{ answer: Answer } | { reason: string; isWorthRetrying: boolean }> {
  const body = await response.text()
  if (response.ok) {
    const parsed = Answer.safeParse(parseJson(body))
    if (parsed.success) return { answer: parsed.data }
    return {
      reason: 'its answer is not that of an OpenAI-compatible /embeddings',
      isWorthRetrying: false,
    }
  }
  const reason = `status ${response.status}: ${body.slice(0, 300)}`
  if ([400, 413, 422].includes(response.status)) throw new TextsRefused(reason)
  return { reason, isWorthRetrying: response.status === 429 || response.status >= 500 }
}

function refusalOf(reason: string): TextRefusal {
  const isLength = /token|length|too long|context|too large/i.test(reason)
  return isLength
    ? {
        reason: 'too_long',
        message: `The model refuses the text (${reason}); set split_by and chunk_size.`,
      }
    : {
        reason: 'unrepresentable',
        message: `The model of EMBEDDING_MODEL refuses the text (${reason}).`,
      }
}

function parseSetting(setting: string): { endpoint: URL; name: string | null } {
  const endpoint = new URL(setting)
  const name = decodeURIComponent(endpoint.hash.slice(1)) || null
  endpoint.hash = ''
  const path = endpoint.pathname.replace(/\/+$/, '')
  endpoint.pathname = path.endsWith('/embeddings') ? path : `${path}/embeddings`
  return { endpoint, name }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
