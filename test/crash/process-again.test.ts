import assert from 'node:assert/strict'
import { test } from 'node:test'
import { everyCrash } from '../support/crash.ts'
import {
  addObject,
  changeObject,
  endBatch,
  openTiers,
  processObject,
  submitObject,
  textsOf,
} from '../support/tiers.ts'

test('a second run over three collections ends with what it makes and nothing that it no longer makes, wherever its process crashed', async () => {
  await using tiers = await openTiers()
  const { ports } = tiers
  const open = async () => {
    const objectId = await addObject(tiers, 'a dog barks at night')
    await processObject(tiers, objectId)
    await changeObject(tiers, objectId, { content: 'a dog sleeps' })
    return { ports, state: { objectId, batchId: await submitObject(tiers, objectId) } }
  }

  const points = await everyCrash(
    open,
    (mortal, { batchId }) => endBatch(mortal, batchId),
    async (second, { objectId, batchId }) => {
      const { batch, sums } = await endBatch(second, batchId)

      assert.equal(batch.status, 'COMPLETED')
      const { accepted, written, pending, documents } = sums
      assert.deepEqual([accepted, written, pending, documents], [3, 3, 0, 3])
      const made = ['a dog sleeps']
      assert.deepEqual(await textsOf(tiers, objectId), [made, made, made])
    },
    { stride: 3 },
  )

  assert.ok(points > 5, `${points} crash points`)
})
