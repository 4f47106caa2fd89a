import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { authenticate } from '../../src/domain/organizations/authenticate.ts'
import { ensureFirstKey } from '../../src/domain/organizations/ensure-first-key.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { everyCrash } from '../support/crash.ts'
import { openTestPorts } from '../support/ports.ts'

test('the key of the first start is known to its owner, wherever that start crashed', async () => {
  await using ports = await openTestPorts()
  const path = join(ports.config.dataFolder, 'admin.key')
  const keep = (key: string) => writeFile(path, key)

  const points = await everyCrash(
    async () => {
      await ports.db.deleteFrom('organizations').execute()
      await writeFile(path, 'of an earlier database')
      ports.cache.forget('api_keys')
      return { ports, state: null }
    },
    (mortal) => ensureFirstKey(mortal, { adminKey: null, keep }),
    async (second) => {
      await ensureFirstKey(second, { adminKey: null, keep })

      const { permissions } = await authenticate(second, await readFile(path, 'utf8'))
      assert.deepEqual(permissions, ['admin'])
      assert.deepEqual(await countsOf(second), [1, 1, 1])
    },
  )

  assert.ok(points >= 2, `${points} crash points`)
})

async function countsOf({ db }: Ports): Promise<number[]> {
  const tables = ['organizations', 'users', 'api_keys'] as const
  const counts = tables.map(
    async (table) => (await db.selectFrom(table).select('id').execute()).length,
  )
  return await Promise.all(counts)
}
