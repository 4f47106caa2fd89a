import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { openMetrics } from '../adapters/prom-metrics/open-metrics.ts'
import { z } from 'zod'
import { fail } from '../domain/failure.ts'
import type { Ports } from '../ports/ports.ts'
import { JobRefused } from '../store/queue.ts'
import type { ClaimedJob, Queue, WorkOptions } from '../store/queue.ts'
import { silentLogger } from '../../test/support/silent-logger.ts'
import { job } from './job.ts'
import type { Job } from './job.ts'
import { runWorker } from './worker.ts'

describe('runWorker()', () => {
  test('a job is registered with its attempts, and runs with its parsed payload', async () => {
    const payloads: unknown[] = []
    const run = async (_: Ports, payload: { n: number }) => void payloads.push(payload)
    const { claim, registered } = await started(
      job({ name: 'count.up', payload: Count, attempts: 4, run }),
    )

    await claim({ n: '3' })

    assert.deepEqual(registered, { name: 'count.up', concurrency: 2, attempts: 4 })
    assert.deepEqual(payloads, [{ n: 3 }])
  })

  test('a payload that the schema refuses ends the job at once', async () => {
    const { claim } = await started(counting(async () => {}))

    await assert.rejects(claim({ n: 'x' }), JobRefused)
  })

  test('a failure that waiting cannot mend ends the job at once', async () => {
    const { claim } = await started(
      counting(async () => {
        throw fail('not_found', { resource: 'namespace', id: 'ns_1' })
      }),
    )

    await assert.rejects(
      claim({ n: 1 }),
      (error) => error instanceof JobRefused && /ns_1/.test(error.message),
    )
  })

  for (const error of [
    fail('engine_unavailable', { engine: 'Qdrant', reason: 'gone' }),
    fail('engine_busy', { limit: 1 }),
    fail('conflict', { reason: 'Another process changes the namespace' }),
    new TypeError('a bug'),
  ]) {
    test(`${error.message} is handed to the queue, which tries again`, async () => {
      const { claim } = await started(
        counting(async () => {
          throw error
        }),
      )

      await assert.rejects(claim({ n: 1 }), error)
    })
  }

  test('what an aborted job throws is handed on as it is', async () => {
    const refusal = fail('conflict', { reason: 'aborted' })
    const { claim } = await started(
      counting(async () => {
        throw refusal
      }),
    )

    await assert.rejects(claim({ n: 1 }, AbortSignal.abort()), refusal)
  })
})

const Count = z.object({ n: z.coerce.number().int() })

function counting(run: () => Promise<void>): Job<typeof Count> {
  return job({ name: 'count.up', payload: Count, attempts: 3, run })
}

/** Runs the worker on a queue that only remembers what it is told: the queue's own behaviour is tested beside it. */
async function started<P extends z.ZodType>(given: Job<P>) {
  let registered: ({ name: string } & WorkOptions) | null = null
  let work: ((job: ClaimedJob) => Promise<void>) | null = null
  const queue: Pick<Queue, 'work'> = {
    async work(name, options, run) {
      registered = { name, ...options }
      work = run
    },
  }
  await runWorker(
    { queue, log: silentLogger, metrics: openMetrics() } as unknown as Ports,
    [given as unknown as Job],
    {
      concurrency: 2,
    },
  )
  return {
    registered,
    claim: async (payload: unknown, signal = new AbortController().signal) =>
      await work?.({ id: 'job', payload, attempt: 1, signal }),
  }
}
