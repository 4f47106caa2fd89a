import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import {
  addObject,
  changeObject,
  endBatch,
  interrupted,
  openTiers,
  processObject,
  submitObject,
  textsOf,
  type Tiers,
} from '../../../test/support/tiers.ts'
import { readErasing } from '../../store/object-erasures.ts'
import { deleteObjects } from '../objects/delete-objects.ts'
import { eraseObject, finishErasing } from '../objects/erase-object.ts'

/** `npm run soak` lets it happen at every call, the test line at some. */
const stride = Number(process.env['NACRE_CRASH_STRIDE'] ?? 5)

const long = 'a dog barks at night'
const short = 'one two'
const longer = 'one two three four five six seven'

describe('what happens to an object while a batch writes it', () => {
  let tiers: Tiers
  before(async () => {
    tiers = await openTiers()
  })
  after(async () => await tiers[Symbol.asyncDispose]())

  /** Runs a batch of a new object, with something else at one of its calls of the engine, again and again. */
  async function everywhere(
    meanwhile: (objectId: string) => Promise<void>,
    check: (objectId: string, at: number) => Promise<void>,
  ): Promise<void> {
    for (let at = 0, isOver = false; !isOver; at += stride) {
      const objectId = await addObject(tiers, long)
      const batchId = await submitObject(tiers, objectId)
      const { ports, calls, ended } = interrupted(tiers.ports, at, () => meanwhile(objectId))
      await endBatch(ports, batchId)
      await ended()
      isOver = calls() <= at
      if (!isOver) await check(objectId, at)
      else assert.ok(at > 20, `only ${calls()} calls`)
    }
  }

  test('deleted with its documents: none is there afterwards, in any tier, wherever the deletion comes', async () => {
    await everywhere(
      (objectId) => eraseObject(tiers.ports, tiers.namespace, objectId),
      async (objectId, at) => {
        assert.deepEqual(await textsOf(tiers, objectId), [[], [], []], `at call ${at}`)
      },
    )
  })

  test('deleted alone: its documents stay', async () => {
    const objectId = await addObject(tiers, long)
    const batchId = await submitObject(tiers, objectId)
    const meanwhile = () => deleteObjects(tiers.ports, [objectId])
    // Its first call reads what is there of the documents that it is about to write.
    const { ports } = interrupted(tiers.ports, 0, meanwhile)
    await endBatch(ports, batchId)

    assert.deepEqual((await textsOf(tiers, objectId))[0], ['a dog barks', 'at night'])
  })

  test('changed, and processed by another batch: the newer content is there in every tier, wherever that comes', async () => {
    await everywhere(
      async (objectId) => {
        // To more documents: those that the first batch knows nothing of are not outdated.
        await changeObject(tiers, objectId, { content: longer })
        await processObject(tiers, objectId)
      },
      async (objectId, at) => {
        const texts = ['four five six', 'one two three', 'seven']
        assert.deepEqual(await textsOf(tiers, objectId), [texts, texts, texts], `at call ${at}`)
      },
    )
  })

  test('changed alone: the batch writes the newer content where it comes before the look at its source', async () => {
    const objectId = await addObject(tiers, long)
    const batchId = await submitObject(tiers, objectId)
    const meanwhile = () => changeObject(tiers, objectId, { content: short })
    const { batch, sums } = await endBatch(interrupted(tiers.ports, 0, meanwhile).ports, batchId)

    assert.equal(batch.status, 'COMPLETED')
    assert.deepEqual([sums.written, sums.failed, sums.documents], [3, 0, 3])
    assert.deepEqual(await textsOf(tiers, objectId), [[short], [short], [short]])
  })

  test('the intent of a deletion stays while a batch may write its documents, and goes with the last look', async () => {
    const objectId = await addObject(tiers, long)
    const { organizationId, id: namespaceId } = tiers.namespace
    const place = { organizationId, namespaceId, objectId }
    const batchId = await submitObject(tiers, objectId)
    await eraseObject(tiers.ports, tiers.namespace, objectId)
    await finishErasing(tiers.ports, place)
    assert.deepEqual([...(await readErasing(tiers.ports.db, [objectId]))], [objectId])

    const { sums } = await endBatch(tiers.ports, batchId)
    await finishErasing(tiers.ports, place)

    assert.deepEqual([sums.accepted, sums.skipped], [1, 1])
    assert.deepEqual([...(await readErasing(tiers.ports.db, [objectId]))], [])
  })
})
