import { isDeepStrictEqual } from 'node:util'
import type { Ports } from '../../ports/ports.ts'
import type {
  EngineFilter,
  Payload,
  PayloadFieldSchema,
  PayloadSelector,
} from '../../ports/vector-engine.ts'
import { all, asEngineFilter, type Formula } from '../filters/bounds.ts'
import {
  compileFilter,
  type Exceptions,
  type Fact,
  type FilterContext,
} from '../filters/compile-filter.ts'
import { filterTest, type FilterTest } from '../filters/evaluate-filter.ts'
import { enginePath, fieldPaths, rootKeyOf, storedPath } from '../filters/field-path.ts'
import type { Filter } from '../filters/filter.ts'
import { pathValues } from '../filters/field-values.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import {
  currentFacts,
  knownFact,
  pathKey,
  type CurrentFacts,
  type FactPorts,
} from '../payload-facts/current-facts.ts'
import { learnFact, type FactScan } from '../payload-facts/learn-fact.ts'

/** Which documents of a namespace are read: those of some collections, or null: of all. */
export interface Scope {
  collectionIds: readonly string[] | null
}

/** A filter as it is carried out: by the engine, and what is left on each of its answers. */
export interface ReadPlan {
  engine: EngineFilter | undefined
  residual: FilterTest | null
  /** What the residual reads of a payload. */
  residualSelect: PayloadSelector
  /** What it goes by; null where it needs none. */
  facts: CurrentFacts | null
  /** Documents that are tested beside indexes, and were read for it. */
  exceptions: number
  /** After the engine has answered: the plan to ask it by once more, where this one did not hold until then. */
  again(): Promise<ReadPlan | null>
}

/** Where indexes or exceptions change all the time, the answer of the last try is given: it is as old as the read. */
const triesMax = 4

/** Asks the engine by a plan that held until it had answered, so that no index comes or goes under a read. */
export async function readBy<T>(
  first: ReadPlan,
  read: (plan: ReadPlan) => Promise<T>,
): Promise<{ answer: T; plan: ReadPlan }> {
  let plan = first
  for (let tries = 1; ; tries++) {
    const answer = await read(plan)
    const next = tries < triesMax ? await plan.again() : null
    if (!next) return { answer, plan }
    plan = next
  }
}

/**
 * Compiles a filter for one read, by what is known of the stored values now (docs/internals/payload-facts.md). What has
 * to be known first, and is not, is looked at now; what would only make the read faster is looked at in the background,
 * for the next one.
 */
export async function planRead(
  ports: FactPorts & Pick<Ports, 'vectors' | 'log'>,
  namespace: Namespace,
  scope: Scope,
  filter: Filter | null,
  scan: PlanScan,
): Promise<ReadPlan> {
  if (filter === null) {
    const engine = asEngineFilter(scopeFormula(scope))
    return { engine, residual: null, residualSelect: false, facts: null, exceptions: 0, again }
  }
  const values = new Map<ReadonlySet<string>, Exceptions>()
  const contextOf = (facts: CurrentFacts): FilterContext => ({
    namespaceId: namespace.id,
    collectionIds: scope.collectionIds,
    indexes: facts.indexes,
    engineFindsWords: ports.vectors.kind === 'qdrant-edge',
    knows: (fact) => knownFact(facts, fact),
    exceptions: (path, type) => exceptionsIn(facts, values, path, type),
  })
  let facts = await currentFacts(ports, namespace)
  let compiled = compileFilter(filter, contextOf(facts))
  for (let look = 0; look < looksMax && compiled.unknown.some(isNeeded); look++) {
    const needed = compiled.unknown.filter(isNeeded)
    const looked = await Promise.all(
      needed.map((fact) => lookFor(ports, namespace, facts, fact, { scan, values })),
    )
    if (!looked.includes(true)) break
    facts = await currentFacts(ports, namespace)
    compiled = compileFilter(filter, contextOf(facts))
  }
  for (const fact of compiled.unknown) {
    if (!isNeeded(fact)) learnLater(ports, namespace, facts, fact, scan)
  }
  const { residual } = compiled
  const { epoch } = facts
  const plan: ReadPlan = {
    engine: asEngineFilter(all([scopeFormula(scope), compiled.engine ?? true])),
    residual: residual && filterTest(residual),
    residualSelect: residual ? selectorOf(fieldsOf(residual)) : false,
    facts,
    exceptions: [...values.values()].reduce((sum, { ids }) => sum + ids.length, 0),
    async again() {
      if ((await currentFacts(ports, namespace)).epoch === epoch) return null
      const next = await planRead(ports, namespace, scope, filter, scan)
      return isSame(plan, next) ? null : next
    },
  }
  return plan
}

/** Of a read without a filter: it goes by nothing that changes. */
function again(): Promise<null> {
  return Promise.resolve(null)
}

function isSame(a: ReadPlan, b: ReadPlan): boolean {
  return (a.residual === null) === (b.residual === null) && isDeepStrictEqual(a.engine, b.engine)
}

/** How a plan looks at documents; the read gate's, since only it reads the engine. */
export interface PlanScan extends FactScan {
  /** Payloads of those of the points that are there, as far as the path needs. */
  payloadsOf(pointIds: readonly string[], path: string): Promise<ReadonlyMap<string, Payload>>
}

/** One look may show that another is needed; more rounds than this are only seen where values change all the time. */
const looksMax = 4

function isNeeded(fact: Fact): boolean {
  return fact.kind !== 'single'
}

/** `values`: of the exceptions that were read for this plan, by the very set that was known. */
function exceptionsIn(
  facts: CurrentFacts,
  values: ReadonlyMap<ReadonlySet<string>, Exceptions>,
  path: string,
  type: PayloadFieldSchema['type'],
): Exceptions | 'unread' | null {
  const known = facts.paths.get(pathKey(path, type))
  if (!known || known.isOverflown) return null
  return values.get(known.exceptions) ?? 'unread'
}

/** Whether more is known than before. */
async function lookFor(
  ports: FactPorts,
  namespace: Namespace,
  facts: CurrentFacts,
  fact: Fact,
  { scan, values }: { scan: PlanScan; values: Map<ReadonlySet<string>, Exceptions> },
): Promise<boolean> {
  if (fact.kind !== 'exceptions') return await learnFact(ports, namespace, facts, fact, scan)
  const known = facts.paths.get(pathKey(fact.path, fact.type))
  if (!known) return false
  const ids = [...known.exceptions]
  const payloads = await scan.payloadsOf(ids, fact.path)
  const found = [...payloads].map(([id, payload]) => [id, pathValues(payload, fact.path)] as const)
  values.set(known.exceptions, { ids, values: new Map(found) })
  return true
}

function learnLater(
  ports: FactPorts & Pick<Ports, 'log'>,
  namespace: Namespace,
  facts: CurrentFacts,
  fact: Fact,
  scan: FactScan,
): void {
  learnFact(ports, namespace, facts, fact, scan).catch((error: unknown) => {
    ports.log.warn(
      { err: error, namespaceId: namespace.id, fact },
      'looking at stored values failed',
    )
  })
}

function scopeFormula({ collectionIds }: Scope): Formula {
  if (collectionIds === null) return true
  const key = '_internal.collection_id'
  const [only] = collectionIds
  if (only === undefined) return false
  if (collectionIds.length === 1) return { key, match: { value: only } }
  return { key, match: { any: [...collectionIds] } }
}

/** Payload selector for whole root fields; everything where a name cannot be said in a path. */
export function selectorOf(fields: Iterable<string>): PayloadSelector {
  const roots = new Set<string>(['_internal'])
  for (const field of fields) {
    for (const path of fieldPaths(field)) roots.add(rootKeyOf(storedPath(path)))
  }
  const paths = [...roots].map((root) => enginePath(`"${root}"`))
  return paths.includes(null) ? true : paths.filter((path) => path !== null)
}

function fieldsOf(filter: Filter): string[] {
  return filter.kind === 'leaf' ? [filter.field] : filter.filters.flatMap(fieldsOf)
}
