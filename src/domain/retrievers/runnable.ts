import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import { findCollection } from '../collections/find-collection.ts'
import { featuresOf } from '../extractors/features-of.ts'
import { invalid } from '../failure.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { parseParameters } from '../parse-parameters.ts'
import { checkFeatures } from './feature-dependencies.ts'
import { parseInputSchema } from './input-schema.ts'
import { normaliseStages } from './normalise-stages.ts'
import type { Retriever, StageConfig } from './retriever.ts'
import type { PlannedStage } from './stage-plan.ts'
import { planStages } from './stage-plan.ts'

/** What of a retriever is run, saved or not. */
export interface Runnable {
  retrieverId: string | null
  stages: readonly PlannedStage[]
  /** Empty: all collections of the namespace. */
  collectionIds: readonly string[]
  inputSchema: Retriever['inputSchema']
  /** Zero and absent: no limit. */
  timeMsMax: number
}

/** What a pipeline is made of, as clients send it. */
export interface PipelineSpec {
  stages?: unknown
  collection_identifiers?: unknown
  collection_ids?: unknown
  input_schema?: unknown
  budget_limits?: unknown
}

export interface Pipeline {
  stages: StageConfig[]
  collectionIds: string[]
  inputSchema: Retriever['inputSchema']
  budgetLimits: Record<string, unknown>
}

const Budget = z.strictObject({
  max_credits: z.number().min(0).optional(),
  max_time_ms: z.number().min(0).optional(),
})

const collectionsMax = 1_000

/**
 * Everything of a pipeline checked that can be before inputs are known. Throws `request_invalid` with the place,
 * `not_found` for a collection that is absent.
 */
export async function parsePipeline(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  spec: PipelineSpec,
): Promise<Pipeline & { plan: PlannedStage[] }> {
  const stages = normaliseStages(spec.stages, ['body', 'stages'])
  const plan = planStages(stages, ['body', 'stages'])
  checkFeatures(await featuresOf(ports, namespace), stages, ['body', 'stages'])
  const budget = spec.budget_limits ?? {}
  return {
    stages,
    plan,
    collectionIds: await collectionIdsOf(ports, namespace, spec),
    inputSchema: parseInputSchema(spec.input_schema, ['body', 'input_schema']),
    budgetLimits: parseParameters(Budget, budget, ['body', 'budget_limits']),
  }
}

export function timeMsMaxOf(budgetLimits: Readonly<Record<string, unknown>>): number {
  const { max_time_ms: limit } = budgetLimits
  return typeof limit === 'number' ? limit : 0
}

/** Names or ids, under either of its two names → ids. */
async function collectionIdsOf(
  ports: Pick<Ports, 'db' | 'cache'>,
  namespace: Namespace,
  spec: PipelineSpec,
): Promise<string[]> {
  const key = isGiven(spec.collection_identifiers) ? 'collection_identifiers' : 'collection_ids'
  const given = spec[key]
  if (!isGiven(given)) return []
  const identifiers = typeof given === 'string' ? [given] : given
  if (!isNames(identifiers) || identifiers.length > collectionsMax) {
    throw invalid(['body', key], 'must be a list of names or ids of collections', 'wrong_type')
  }
  const collections = await Promise.all(
    identifiers.map((one) => findCollection(ports, namespace, one)),
  )
  return [...new Set(collections.map(({ id }) => id))]
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== '')
}
