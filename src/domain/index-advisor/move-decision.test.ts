import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openHotNamespace } from '../../../test/support/hot-namespace.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import {
  readDecisions,
  readIndexEvents,
  recordIndexEvent,
  takeDecision,
} from '../../store/index-decisions.ts'
import { asOnlyBuilder } from '../../store/index-builder.ts'
import { isFailure } from '../failure.ts'
import { checkNamespace } from './check-namespace.ts'
import { unsettledStates, type IndexDecision } from './decision.ts'
import { moveDecision } from './move-decision.ts'
import { openDecision } from './open-decision.ts'

type Opened = Awaited<ReturnType<typeof openTestPorts>>

describe('a decision', () => {
  test('is one a field at a time, however many open it', async () => {
    await using ports = await openTestPorts()
    const about = await aboutBrand(ports)
    await Promise.all([1, 2, 3, 4].map(() => openDecision(ports, about)))
    assert.equal((await readDecisions(ports.db, about.namespaceId, { limit: 10 })).length, 1)
    assert.equal((await readIndexEvents(ports.db, about.namespaceId, { limit: 10 })).length, 1)
  })

  test('is moved by who took it last; nothing of an earlier one is written', async () => {
    await using ports = await openTestPorts()
    const about = await aboutBrand(ports)
    await openDecision(ports, about)
    const [{ id } = { id: '' }] = await readDecisions(ports.db, about.namespaceId, { limit: 1 })
    const stale = await takeDecision(ports.db, id, unsettledStates)
    const fresh = await takeDecision(ports.db, id, unsettledStates)
    assert.ok(stale && fresh && fresh.fence > stale.fence)

    const also = () => assert.fail('not in its transaction')
    await assert.rejects(moveDecision(ports, stale, 'chosen', {}, also), (error) =>
      isFailure(error, 'conflict'),
    )
    const moved = await moveDecision(ports, fresh, 'chosen')

    assert.equal(moved.state, 'candidate')
    const events = await readIndexEvents(ports.db, about.namespaceId, { decisionId: id, limit: 9 })
    assert.deepEqual(
      events.map(({ from, to }) => [from, to]),
      [
        [null, 'observed'],
        ['observed', 'candidate'],
      ],
    )
  })

  test('takes no step that the table does not have, and none without its line in the ledger', async () => {
    await using ports = await openTestPorts()
    const about = await aboutBrand(ports)
    await openDecision(ports, about)
    const decision = await newest(ports, about.namespaceId)

    await assert.rejects(
      moveDecision(ports, decision, 'kept'),
      /in state observed cannot meet kept/,
    )
    const fails = () => Promise.reject(new Error('the rest of the transaction'))
    await assert.rejects(moveDecision(ports, decision, 'chosen', {}, fails), /the rest/)

    assert.equal((await newest(ports, about.namespaceId)).state, 'observed')
    assert.equal((await readIndexEvents(ports.db, about.namespaceId, { limit: 9 })).length, 1)
  })

  test('waits while an index is made elsewhere on the engine, and is gone on with after it', async () => {
    // Else it would wait for a read to prove an index with.
    await using ports = await openTestPorts({ NACRE_QUERY_SAMPLES: 'off' })
    const about = await aboutBrand(ports)
    await openDecision(ports, about)

    await asOnlyBuilder(ports.db, async () => {
      assert.equal(await asOnlyBuilder(ports.db, async () => 'beside it'), null)
      await checkNamespace(ports, about.namespaceId)
      assert.equal((await newest(ports, about.namespaceId)).state, 'observed')
    })
    await checkNamespace(ports, about.namespaceId)

    assert.equal((await newest(ports, about.namespaceId)).state, 'declined')
  })

  test('has its lines forgotten with it, and those of the guard with their number', async () => {
    await using ports = await openTestPorts({ NACRE_INDEX_EVENTS_MAX: '5' })
    const about = await aboutBrand(ports)
    const { namespaceId } = about
    for (let n = 0; n < 20; n++) {
      const event = { namespaceId, path: 'brand', decisionId: null, kind: 'guard' } as const
      await recordIndexEvent(ports.db, { ...event, detail: { n }, at: ports.now() })
    }
    await checkNamespace(ports, namespaceId)
    const left = await readIndexEvents(ports.db, namespaceId, { limit: 100 })
    assert.deepEqual(
      left.map(({ detail }) => detail['n']),
      [15, 16, 17, 18, 19],
    )
  })
})

async function aboutBrand(ports: Opened) {
  const { namespace } = await openHotNamespace(ports, [{ other: 1 }])
  const inputs: IndexDecision['inputs'] = {
    rule: 'frequency',
    filtered24h: 150,
    thresholds: {},
    usage: { operators: { eq: 150 } },
  }
  return { namespaceId: namespace.id, path: 'brand', fieldName: 'brand', attempts: 1, inputs }
}

async function newest({ db }: Opened, namespaceId: string): Promise<IndexDecision> {
  const [decision] = await readDecisions(db, namespaceId, { limit: 1 })
  assert.ok(decision)
  return decision
}
