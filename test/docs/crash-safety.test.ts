import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { routes } from '../../src/http/routes.ts'
import { jobs } from '../../src/worker/jobs.ts'
import { readCrashList } from '../support/crash-list.ts'

describe('docs/internals/crash-safety.md', async () => {
  const { several, single } = await readCrashList()
  const named = [...several.flatMap(({ names }) => names), ...single]

  const jobNames = jobs.map(({ name }) => name)

  test('names each operation that changes something, and each job', () => {
    const changing = routes.filter(({ method, access }) => method !== 'GET' && access !== 'read')
    const all = [...changing.map(({ operationId }) => operationId), ...jobNames]
    assert.deepEqual(
      all.filter((name) => !named.includes(name)),
      [],
    )
  })

  test('names none twice, and none that there is not', () => {
    const there = new Set([...routes.map(({ operationId }) => operationId), ...jobNames])
    assert.deepEqual(named.toSorted(), [...new Set(named)].toSorted())
    assert.deepEqual(
      named.filter((name) => !there.has(name)),
      [],
    )
  })

  test('names for each use case a test that there is', () => {
    for (const { title, heldBy } of several) {
      assert.ok(heldBy.length > 0, title)
      for (const file of heldBy)
        assert.ok(existsSync(new URL(`../${file}`, import.meta.url)), `${title}: ${file}`)
    }
  })
})
