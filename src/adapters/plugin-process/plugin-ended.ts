import type { ExtractionFailureType } from '../../ports/extractor-runtime.ts'

/** What ended a plugin's process: what it did, or what we did to it. */
export type EndCause =
  | 'started' // the launcher did not start it
  | 'exit'
  | 'time'
  | 'cpu'
  | 'memory'
  | 'threads'
  | 'disk'
  | 'log'
  | 'output' // its answer is too much
  | 'answer' // its answer is none
  | 'closed' // by us, with nothing wrong
  | 'resting' // it ended too often; it was not started again

/** A plugin's process ended before it answered. The message says how, and can be shown to its owner. */
export class PluginEnded extends Error {
  override readonly name = 'PluginEnded'
  readonly reason: EndCause

  constructor(reason: EndCause, message: string, options?: ErrorOptions) {
    super(message, options)
    this.reason = reason
  }
}

/** An answer that says that the plugin failed, or that loading it did. The process lives on. */
export class PluginRefused extends Error {
  override readonly name = 'PluginRefused'
  readonly kind: string

  constructor(kind: string, message: string) {
    super(message)
    this.kind = kind
  }
}

const types: Record<EndCause, ExtractionFailureType> = {
  started: 'dependency',
  exit: 'runtime',
  time: 'resource',
  cpu: 'resource',
  memory: 'resource',
  threads: 'resource',
  disk: 'resource',
  log: 'resource',
  output: 'resource',
  answer: 'validation',
  closed: 'runtime',
  resting: 'runtime',
}

/** The ledger's word for it. */
export function failureTypeOf(error: PluginEnded | PluginRefused): ExtractionFailureType {
  if (error instanceof PluginEnded) return types[error.reason]
  if (error.kind === 'parameters') return 'validation'
  return error.kind === 'resource' ? 'resource' : 'runtime'
}
