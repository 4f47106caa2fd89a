import { z } from 'zod'
import { fail } from '../domain/failure.ts'
import type { Namespace } from '../domain/namespaces/namespace.ts'
import type { ExecuteOptions } from '../domain/retrievers/execute-retriever.ts'
import { foundAnswers, type ExecutionAnswer } from '../domain/retrievers/execution-answer.ts'
import { rounded } from '../domain/retrievers/rounded.ts'
import type { StageProgress } from '../domain/retrievers/stage-progress.ts'
import { problemOf, type Problem } from './errors.ts'
import { eventBytes, EventStream } from './event-stream.ts'
import type { NamespaceCall } from './route.ts'

/** Contract 17.3, streaming: the last event carries all of the answer besides. */
export const ExecutionEvent = z.looseObject({
  event_type: z.enum([
    'stage_start',
    'stage_complete',
    'stage_error',
    'execution_complete',
    'execution_error',
  ]),
  execution_id: z.string().nullable(),
  stage_name: z.string().nullable(),
  /** From 0. */
  stage_index: z.int().nullable(),
  total_stages: z.int().nullable(),
  /** Null where they are not read yet: a later stage's read is theirs too. */
  documents: z.array(z.looseObject({})).nullable(),
  statistics: z.record(z.string(), z.unknown()).nullable(),
  budget_used: z.record(z.string(), z.unknown()).nullable(),
  error: z.string().nullable(),
  error_type: z.string().nullish(),
})
export type ExecutionEvent = z.infer<typeof ExecutionEvent>

type OfNamespace = { namespace: Pick<Namespace, 'id'> }
type Answer = z.infer<typeof ExecutionAnswer>
type Execute = (options: Pick<ExecuteOptions, 'onStage' | 'signal'>) => Promise<Answer>

/**
 * Runs it, and answers each stage as it begins and ends. What is refused before the first begins is thrown, as without a
 * stream; what fails later is an event. It ends where its client goes, or the request's time is up.
 */
export async function streamExecution(
  call: Pick<NamespaceCall, 'ports' | 'requestId' | 'signal'> & OfNamespace,
  options: { vectors: boolean },
  execute: Execute,
): Promise<EventStream> {
  const { ports, requestId } = call
  const limitMs = ports.config.requestTimeoutMs
  const stop = new AbortController()
  const stopped = Promise.withResolvers<never>()
  stop.signal.addEventListener('abort', () => stopped.reject(stop.signal.reason))
  const timer = setTimeout(() => stop.abort(fail('request_timeout', { limitMs })), limitMs)
  const source = new Events(() => stop.abort())
  let executionId: string | null = null
  const begun = Promise.withResolvers<void>()
  const work = execute({
    signal: AbortSignal.any([call.signal, stop.signal]),
    onStage: (progress) => {
      executionId = progress.executionId
      source.send(stageEvent(call, progress, options))
      begun.resolve()
    },
  })
  // A stage may go on for a while after it was told to stop; nobody waits for it.
  const run = Promise.race([work, stopped.promise]).finally(() => clearTimeout(timer))
  await Promise.race([begun.promise, run])
  run.then(
    (answer) => source.end(completeEvent(answer)),
    (error: unknown) => {
      if (source.isLeft) return
      const problem = problemOf(error, requestId)
      if (problem.status === 500)
        ports.log.error({ request_id: requestId, err: error }, 'execution failed')
      source.end({
        ...noStage,
        ...errorOf(problem),
        event_type: 'execution_error',
        execution_id: executionId,
      })
    },
  )
  return new EventStream(source.bytes)
}

/** Events of one execution: a few for each stage, kept until they are read. */
class Events {
  readonly bytes: ReadableStream<Uint8Array>
  #sink: ReadableStreamDefaultController<Uint8Array> | null = null

  constructor(leave: () => void) {
    this.bytes = new ReadableStream({
      start: (sink) => {
        this.#sink = sink
      },
      cancel: () => {
        this.#sink = null
        leave()
      },
    })
  }

  /** Whether its client has gone. */
  get isLeft(): boolean {
    return this.#sink === null
  }

  send(event: ExecutionEvent): void {
    this.#sink?.enqueue(eventBytes(event))
  }

  end(event: ExecutionEvent): void {
    this.send(event)
    this.#sink?.close()
  }
}

const noStage = {
  execution_id: null,
  stage_name: null,
  stage_index: null,
  total_stages: null,
  documents: null,
  statistics: null,
  budget_used: null,
  error: null,
}

const eventTypes = { begun: 'stage_start', done: 'stage_complete', failed: 'stage_error' } as const

function stageEvent(
  { namespace, requestId }: Pick<NamespaceCall, 'requestId'> & OfNamespace,
  progress: StageProgress,
  options: { vectors: boolean },
): ExecutionEvent {
  const event = {
    ...noStage,
    event_type: eventTypes[progress.state],
    execution_id: progress.executionId,
    stage_name: progress.name,
    stage_index: progress.index,
    total_stages: progress.total,
    budget_used: { credits_used: 0, time_used_ms: rounded(progress.elapsedMs) },
  }
  if (progress.state === 'begun') return event
  if (progress.state === 'failed')
    return { ...event, ...errorOf(problemOf(progress.error, requestId)) }
  const { documents, statistics } = progress
  return {
    ...event,
    documents: documents && foundAnswers(documents, namespace, options),
    statistics: { ...statistics },
  }
}

function errorOf({ body: { error } }: Problem): Pick<ExecutionEvent, 'error' | 'error_type'> {
  return { error: error.message, error_type: error.type }
}

function completeEvent(answer: Answer): ExecutionEvent {
  const { total_stages, stage_statistics: statistics, budget: budget_used } = answer
  return {
    ...noStage,
    ...answer,
    event_type: 'execution_complete',
    total_stages,
    statistics,
    budget_used,
  }
}
