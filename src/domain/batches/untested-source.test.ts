import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addObject, openTiers, processObject, textsOf } from '../../../test/support/tiers.ts'
import { readObjects } from '../../store/objects.ts'

test('an object on which a source filter may not be tested fails with the reason, and others do not', async () => {
  const filter = { field: 'content', operator: 'regex', value: '^(a dog|x{1000})' }
  await using tiers = await openTiers({ source_filters: filter })
  const short = await addObject(tiers, 'a dog barks')
  const long = await addObject(tiers, `a dog ${'barks '.repeat(4_000)}`)

  const one = await processObject(tiers, short)
  const other = await processObject(tiers, long)

  assert.deepEqual([one.sums.written, one.sums.failed], [3, 0])
  assert.deepEqual([other.sums.written, other.sums.failed, other.sums.pending], [0, 1, 0])
  assert.deepEqual(await textsOf(tiers, long), [[], [], []])
  const [object] = await readObjects(tiers.ports.db, tiers.namespace.id, null, [long])
  assert.match(object?.error ?? '', /source_filters.*NACRE_FILTER_REGEX_STEPS_MAX/)
})
