import { z } from 'zod'
import type { PluginCode, PluginQuery, PluginQueryAnswer } from '../../ports/plugin-host.ts'
import { PluginEnded } from './plugin-ended.ts'
import type { ProcessPool } from './process-pool.ts'
import { readVector } from './read-results.ts'

const Answer = z.object({
  vector: z.string().nullish(),
  raw: z.unknown(),
  response_type: z.string(),
  response_keys: z.array(z.string()).nullish(),
  error: z.string().nullish(),
})

/** A query through the plugin's own service. Throws `PluginEnded` and `PluginRefused`, and `PoolFull`. */
export async function answerQuery(
  pool: ProcessPool,
  timeoutMs: number,
  code: PluginCode,
  { inputs, parameters, vector }: PluginQuery,
  signal?: AbortSignal,
): Promise<PluginQueryAnswer> {
  const deadline = Date.now() + timeoutMs
  const late = AbortSignal.timeout(timeoutMs)
  const ended = signal ? AbortSignal.any([signal, late]) : late
  try {
    const answer = await pool.use(code, 'query', ended, (process) =>
      process.ask(
        { op: 'realtime', inputs, parameters, vector_index: vector },
        Math.max(1, deadline - Date.now()),
        ended,
      ),
    )
    return readAnswer(answer, code, vector)
  } catch (error) {
    if (late.aborted && !signal?.aborted)
      throw new PluginEnded('time', `it gave no vector within ${timeoutMs} ms`, { cause: error })
    throw error
  }
}

function readAnswer(value: unknown, code: PluginCode, name: string): PluginQueryAnswer {
  const parsed = Answer.safeParse(value)
  if (!parsed.success) throw new PluginEnded('answer', 'its answer to a query is not one')
  const { vector, raw, response_type: type, response_keys: keys, error } = parsed.data
  const answer = { vector: null, raw, type, keys: keys ?? [], error: error ?? null }
  if (typeof vector !== 'string') return answer
  const feature = code.features.find((one) => one.name === name)
  const read = feature
    ? readVector(vector, feature)
    : `${name} is no vector that the manifest declares`
  return typeof read === 'string'
    ? { ...answer, error: `realtime: ${read}` }
    : { ...answer, vector: read }
}
