import { sameSchema } from '../payload-indexes/index-schema.ts'
import type { Namespace } from '../namespaces/namespace.ts'
import { takeCensus, type Census } from '../payload-facts/census.ts'
import { guardPath } from '../payload-facts/guard-path.ts'
import { blockedUntil } from './block.ts'
import type { IndexDecision } from './decision.ts'
import { choiceOf } from './examine-field.ts'
import { moveDecision } from './move-decision.ts'
import { leaseWaitMs, readyNamespace, type BuildPorts } from './take-away-index.ts'
import { tellRule } from './tell-rule.ts'
import { unwatch } from './unwatch.ts'

/**
 * The census that is the proof: the guard is switched on first, so each value there is was counted, or is told by its
 * writer before the engine has it (design 7, Auto-indexes). `ended` where it shows another picture than the first look:
 * then the decision is declined, or a candidate again, and the guard is off.
 */
export async function proveIndex(
  ports: BuildPorts,
  decision: IndexDecision,
  signal?: AbortSignal,
): Promise<{ census: Census } | { ended: IndexDecision }> {
  const { namespaceId, path, schema } = decision
  const namespace = await watched(ports, decision, signal)
  const census = await takeCensus(ports, namespace, path, { schema, ...(signal && { signal }) })
  const choice = choiceOf(ports, namespace, decision, census)
  if (choice.schema && schema && sameSchema(choice.schema, schema) && !census.isOverflown) {
    return { census }
  }
  await unwatch(ports, namespaceId, path, signal)
  const told = tellRule(decision.inputs)
  const ended = choice.schema
    ? await moveDecision(ports, decision, 'begun_again', {
        restarts: decision.restarts + 1,
        reason: `${told} The values at '${path}' changed while they were looked at.`,
      })
    : await moveDecision(ports, decision, 'turned_down', {
        census,
        reason: `${told} ${choice.reason}`,
        blockedUntil: blockedUntil('values', decision, ports.now(), ports.config),
      })
  return { ended }
}

/** The namespace as it is when the guard is on. */
async function watched(
  ports: BuildPorts,
  { namespaceId, path, schema, fieldName }: IndexDecision,
  signal?: AbortSignal,
): Promise<Namespace> {
  return await ports.leases.exclusive(
    namespaceId,
    `beginning to watch the values of '${fieldName}' for a payload index`,
    async (lease) => {
      const namespace = await readyNamespace(ports, namespaceId)
      await guardPath(ports, namespace, path, schema, lease)
      return namespace
    },
    { waitMs: leaseWaitMs, ...(signal && { signal }) },
  )
}
