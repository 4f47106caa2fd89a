import type { Ports } from '../../ports/ports.ts'
import { insertDecision, recordIndexEvent } from '../../store/index-decisions.ts'
import type { IndexDecision } from './decision.ts'
import type { MovePorts } from './move-decision.ts'

export type OpenPorts = MovePorts & Pick<Ports, 'newId'>

/** Opens a decision about a field; nothing where one is open already. */
export async function openDecision(
  ports: OpenPorts,
  about: Pick<IndexDecision, 'namespaceId' | 'path' | 'fieldName' | 'attempts' | 'inputs'>,
): Promise<void> {
  const { db, log, metrics } = ports
  const decision = newDecision(ports, about)
  const { id: decisionId, namespaceId, path, inputs, createdAt: at } = decision
  const isNew = await db.transaction().execute(async (tx) => {
    if (!(await insertDecision(tx, decision))) return false
    const detail = { event: 'observed', rule: inputs.rule, filtered_24h: inputs.filtered24h }
    const event = { namespaceId, path, decisionId, kind: 'transition', to: 'observed' } as const
    await recordIndexEvent(tx, { ...event, detail, at })
    return true
  })
  if (!isNew) return
  metrics.count('index_decisions', { state: 'observed' })
  log.info({ namespaceId, decisionId, path, state: 'observed' }, 'a decision about a payload index')
}

function newDecision(
  { now, newId }: OpenPorts,
  {
    namespaceId,
    path,
    fieldName,
    attempts,
    inputs,
  }: Pick<IndexDecision, 'namespaceId' | 'path' | 'fieldName' | 'attempts' | 'inputs'>,
): IndexDecision {
  const at = now()
  return {
    id: newId('dec'),
    namespaceId,
    fieldName,
    path,
    state: 'observed',
    fence: 1,
    schema: null,
    reason: 'The field crossed a threshold and is to be decided about.',
    inputs,
    census: null,
    before: null,
    after: null,
    parity: null,
    ending: null,
    actor: 'auto',
    attempts,
    restarts: 0,
    blockedUntil: null,
    createdAt: at,
    updatedAt: at,
    activeAt: null,
  }
}
