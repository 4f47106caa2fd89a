import type { Ports } from '../../ports/ports.ts'
import { readNewestDecisions } from '../../store/index-decisions.ts'
import { readFieldUsage } from '../../store/query-usage.ts'
import { countDocuments, type ReadPorts } from '../documents/read.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { advise, ruleOf, type Advice } from './advise.ts'
import type { DecisionInputs } from './decision.ts'
import { openDecision, type OpenPorts } from './open-decision.ts'

type ObservePorts = OpenPorts & ReadPorts & Pick<Ports, 'config'>

/** New decisions of one check; the others are as dear at the next. */
const decisionsMax = 100
/** What of a namespace's use is looked at: the rules speak of 24 hours. */
const dayMs = 86_400_000

/** Opens a decision for each field that needs one, dearest first, with what led to it. */
export async function observeUsage(
  ports: ObservePorts,
  namespace: Namespace,
  signal?: AbortSignal,
): Promise<void> {
  const { db, config } = ports
  const now = ports.now()
  const since = new Date(now.getTime() - dayMs)
  const used = await readFieldUsage(db, namespace.id, { since })
  const hot = used.filter((usage) => ruleOf(usage, config) !== null)
  if (hot.length === 0) return
  const paths = hot.map(({ path }) => path)
  const newest = await readNewestDecisions(db, namespace.id, paths)
  const isAskedAgain = [...newest.values()].some(({ blockedUntil }) => blockedUntil !== null)
  const everything = { collectionIds: null }
  const documents = isAskedAgain
    ? await countDocuments(ports, namespace, everything, null, signal)
    : null
  const advice = advise({
    now,
    usage: hot,
    indexes: namespace.payloadIndexes,
    newest,
    documents,
    thresholds: config,
  })
  for (const one of advice.slice(0, decisionsMax)) {
    const { path, fieldName, attempts } = one
    const inputs = inputsOf(config, one)
    await openDecision(ports, { namespaceId: namespace.id, path, fieldName, attempts, inputs })
  }
}

/** What led to the decision, as it is now. */
function inputsOf(config: ObservePorts['config'], { rule, usage }: Advice): DecisionInputs {
  const { indexFiltersMin, indexCostMs, indexGainPercentMin, indexLossPercentMax } = config
  const thresholds = { indexFiltersMin, indexCostMs, indexGainPercentMin, indexLossPercentMax }
  return { rule, filtered24h: usage.filtered24h, thresholds, usage }
}
