import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import type { DocumentRecord } from '../documents/document.ts'
import type { FacetValue } from '../documents/served-values.ts'
import type { Filter } from '../filters/filter.ts'
import type { SortOption } from '../listing.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import type { StageCategory } from './retriever.ts'

export type Location = readonly (string | number)[]

/**
 * What the stages so far have found. `unread`: documents are described, not read yet, so that filters, sorts and
 * limits that follow each other reach the engine as one request that sees the whole collection (contract 18:
 * never cut silently).
 */
export type Selection = UnreadSelection | ReadSelection

export interface UnreadSelection {
  kind: 'unread'
  filter: Filter | null
  /** First wins. */
  sort: SortOption[]
  offset: number
  /** Null: no stage has said how many. */
  limit: number | null
}

export interface ReadSelection {
  kind: 'read'
  documents: FoundDocument[]
}

/** A document and what stages have found out about it. */
export interface FoundDocument extends DocumentRecord {
  /** Which group it is in, of how many documents; `isFlat`: the groups are not answered besides. */
  group?: { field: string; key: FacetValue; count: number; isFlat: boolean }
}

/** What a stage is run with, besides its own parameters. */
export interface StageCall {
  ports: Ports
  namespace: Namespace
  /** The retriever's collections; null for all of the namespace. */
  collectionIds: readonly string[] | null
  /** Of the execution, for dynamic values of filters; templates are filled in already. */
  inputs: Record<string, unknown>
  /** Sibling of the parameters in the stage's config, parsed. */
  preFilter: Filter | null
  /** Where the stage's parameters stand, for faults. */
  location: Location
  withVectors: boolean
  /** Who asks, for the records of reads; null: a pipeline that is not saved. */
  retrieverId: string | null
  signal: AbortSignal
}

export interface StageResult {
  selection: Selection
  facets?: Record<string, { value: unknown; count: number }[]>
  /** Shown in the stage's statistics. */
  metadata?: Record<string, unknown>
  /** What a stage computed of its documents, where that are no documents. */
  aggregation?: Aggregation
  /** Why it left fewer documents than it could have, for who asks (explain/why-short.ts). */
  losses?: Loss[]
}

/** Contract 16.3's shape of groups and their numbers. */
export interface Aggregation {
  results: { group: Record<string, unknown>; metrics: Record<string, unknown> }[]
  total_groups: number
}

export interface Loss {
  reason: 'groups' | 'duplicates' | 'sample' | 'aggregate'
  message: string
  figures: Record<string, number>
}

/** A kind of stage: catalogue, validation and execution read this object. */
export interface Stage<S extends z.ZodObject = z.ZodObject> {
  stageId: string
  category: StageCategory
  description: string
  icon: string
  /** Strict: an unknown parameter is refused with the nearest name (contract 24). */
  parameters: S
  /** Other names of parameters, as prose has them. */
  aliases: Readonly<Record<string, string>>
  /** Older shapes → the documented one, before aliases and parsing; templates are not filled in yet. */
  normalise?(given: Record<string, unknown>, location: Location): Record<string, unknown>
  /** What the schema cannot say. Throws `request_invalid` or `not_enabled`. */
  check?(parameters: z.infer<S>, location: Location): void
  /** How many documents it leaves at most, where it has to be run to know more. */
  leavesAtMost?(parameters: z.infer<S>, input: number): number
  run(call: StageCall, parameters: z.infer<S>, selection: Selection): Promise<StageResult>
}

/** Every stage takes these; nothing is cached but query embeddings, so they change nothing yet. */
const common = {
  cache_behavior: z.enum(['auto', 'disabled', 'aggressive']).optional(),
  cache_ttl_seconds: z.int().min(0).optional(),
}

/** Types `run` by its parameters. */
export function stage<S extends z.ZodRawShape>(
  definition: Omit<
    Stage<z.ZodObject<S & typeof common, z.core.$strict>>,
    'parameters' | 'aliases'
  > & {
    parameters: S
    aliases?: Readonly<Record<string, string>>
  },
): Stage {
  const parameters = z.strictObject({ ...definition.parameters, ...common })
  return { aliases: {}, ...definition, parameters } as unknown as Stage
}

/** The documents of the whole scope, none read yet. */
export const everything: UnreadSelection = {
  kind: 'unread',
  filter: null,
  sort: [],
  offset: 0,
  limit: null,
}

/** Both must hold; null is no condition. */
export function both(a: Filter | null, b: Filter | null): Filter | null {
  if (a === null) return b
  return b === null ? a : { kind: 'and', filters: [a, b] }
}
