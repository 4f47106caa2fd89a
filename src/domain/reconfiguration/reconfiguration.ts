import type { NamespaceExtractor, VectorDefinition } from '../namespaces/namespace.ts'

/** `online` adds vectors to the live collection; `recreate` puts a new generation in its place (design 4). */
export const reconfigureStrategies = ['recreate', 'online'] as const
export type ReconfigureStrategy = (typeof reconfigureStrategies)[number]

/** Where a reconfigure stands; what leads from one state to another is `transitions.ts`, whole. */
export const reconfigurationStates = [
  'waiting_for_engine',
  'adding',
  'done',
  'building',
  'filling',
  'switching',
  'retained',
  'erasing',
  'erased',
  'undoing',
  'discarding',
  'undone',
  'cancelling',
  'cancelled',
] as const
export type ReconfigurationState = (typeof reconfigurationStates)[number]

/** A namespace has at most one of these at a time: the database's own index says so. */
export const busyStates = [
  'waiting_for_engine',
  'adding',
  'building',
  'filling',
  'switching',
  'undoing',
  'cancelling',
] as const satisfies readonly ReconfigurationState[]

/** What a dead process may have left: the next start brings each of them to an end. */
export const unsettledStates = [
  ...busyStates,
  'erasing',
  'discarding',
] as const satisfies readonly ReconfigurationState[]

/** One change of a namespace's vectors, kept as a row from its plan to its end. */
export interface Reconfiguration {
  /** `rcf_…`. */
  id: string
  organizationId: string
  namespaceId: string
  strategy: ReconfigureStrategy
  /** True: the new generation is filled from the originals before the switch. */
  isReprocess: boolean
  state: ReconfigurationState
  /** Grows with each process that takes it over: an older one's effects are refused. */
  fence: number
  /** Generation that was live when it began. */
  fromGeneration: number
  /** The one it builds; null for `online`. */
  toGeneration: number | null
  vectorsBefore: Record<string, VectorDefinition>
  vectorsAfter: Record<string, VectorDefinition>
  /** What the namespace's extractors become with it; null: they stay. */
  extractorsAfter: NamespaceExtractor[] | null
  /** Points when it began. */
  previousPoints: number
  /** What was done so far, for people and for the job that goes on with it. */
  progress: ReconfigurationProgress
  taskId: string | null
  error: string | null
  switchedAt: Date | null
  /** Until when `undo` works and the earlier generation stands. */
  retainedUntil: Date | null
  createdAt: Date
  updatedAt: Date
}

export interface ReconfigurationProgress {
  /** Documents that were carried over with their vectors. */
  copied?: number
  /** Sources that were made into documents of the new generation. */
  filled?: number
  /** Documents of the earlier generation: what `filled` and `copied` come to in the end. */
  documents?: number
  /** Sources that could not be made again, and why, some of it: their documents were copied as they were. */
  failed?: number
  reasons?: string[]
  /** The collections to fill, upstream before downstream, as they were when it began. */
  collections?: string[]
  /** Where the filling goes on: the collection, and its last source. */
  cursor?: FillCursor
  /** Slices that failed in a row. */
  failures?: number
}

export interface FillCursor {
  /** Position in the list of collections; -1: documents that nothing can make again come first. */
  collection: number
  /** The source after which it goes on; null: from the first. */
  after: string | null
}
