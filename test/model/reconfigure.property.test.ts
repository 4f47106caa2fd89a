import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Ports } from '../../src/ports/ports.ts'
import { openTestPorts } from '../support/ports.ts'
import { ModelledNamespace } from './modelled-namespace.ts'
import { schedules } from './schedule.ts'

/** `NACRE_MODEL_SEED` and `NACRE_MODEL_PATH`, as a failure prints them, replay it. */
const seed = process.env['NACRE_MODEL_SEED']
const path = process.env['NACRE_MODEL_PATH']
/** `npm run soak -- 2000` runs 10,000. */
const soaked = process.env['NACRE_PROPERTY_RUNS']
const numRuns = soaked === undefined ? 200 : 5 * Number(soaked)

test('whatever is written, deployed, reconfigured, undone and killed, a namespace holds what the model of it holds', async (t) => {
  await using ports = await openTestPorts()
  const tally = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(schedules, (operations) => run(ports, tally, operations)),
    {
      numRuns,
      endOnFailure: seed === undefined,
      ...(seed !== undefined && { seed: Number(seed) }),
      ...(path !== undefined && { path }),
    },
  )
  for (const [what, times] of [...tally].toSorted(([a], [b]) => a.localeCompare(b)))
    t.diagnostic(`${what}: ${times}`)
  if (path !== undefined) return
  for (const what of ['online', 'recreate', 'reprocess', 'fill', 'undo', 'cancel'])
    assert.ok((tally.get(`${what}: done`) ?? 0) > 0, `${what} was carried out`)
})

async function run(
  ports: Ports,
  tally: Map<string, number>,
  operations: Parameters<ModelledNamespace['carryOut']>[0][],
): Promise<void> {
  await using namespace = await ModelledNamespace.open(ports, tally)
  for (const [i, operation] of operations.entries()) {
    try {
      await namespace.carryOut(operation)
      await namespace.assertEqual()
    } catch (error) {
      const told = `operation ${i}, ${JSON.stringify(operation)}`
      throw new Error(`${told}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  }
  await namespace.settle()
}
