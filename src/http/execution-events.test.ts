import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openTestPorts } from '../../test/support/ports.ts'
import type { ExecuteOptions } from '../domain/retrievers/execute-retriever.ts'
import type { Ports } from '../ports/ports.ts'
import { streamExecution } from './execution-events.ts'

describe('streamExecution()', () => {
  let ports: Ports & AsyncDisposable
  before(async () => {
    ports = await openTestPorts({ NACRE_REQUEST_TIMEOUT_MS: '100' })
  })
  after(() => ports[Symbol.asyncDispose]())

  test('ends with what is right once the request’s time is up, though the stage goes on', async () => {
    const { stream } = await begun()

    const text = await new Response(stream.body).text()

    const events = text
      .trimEnd()
      .split('\n\n')
      .map((event) => JSON.parse(event.slice(6)))
    assert.deepEqual(
      events.map((event) => [event.event_type, event.execution_id]),
      [
        ['stage_start', 'exec_1'],
        ['execution_error', 'exec_1'],
      ],
    )
    assert.match(events[1].error, /100/)
  })

  test('tells the execution that its client has gone', async () => {
    const { stream, signal } = await begun()

    await stream.body.cancel()

    assert.equal(signal.aborted, true)
  })

  /** An execution whose first stage never ends, whatever it is told. */
  async function begun() {
    const asked = Promise.withResolvers<AbortSignal>()
    const execute = ({ signal, onStage }: Pick<ExecuteOptions, 'signal' | 'onStage'>) => {
      asked.resolve(signal)
      const stage = { executionId: 'exec_1', name: 'slow', index: 0, total: 1, elapsedMs: 0 }
      onStage?.({ ...stage, state: 'begun' })
      return new Promise<never>(() => {})
    }
    const call = {
      ports,
      namespace: { id: 'ns_1' },
      requestId: 'req_1',
      signal: AbortSignal.any([]),
    }
    const stream = await streamExecution(call, { vectors: false }, execute)
    return { stream, signal: await asked.promise }
  }
})
