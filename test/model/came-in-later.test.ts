import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { compose, openLogger, type Composition } from '../../src/compose.ts'
import { readConfig, type Config } from '../../src/config.ts'
import { countDocuments } from '../../src/domain/documents/read.ts'
import { writeDocuments } from '../../src/domain/documents/write.ts'
import type { Filter } from '../../src/domain/filters/filter.ts'
import { NamespacePatch } from '../../src/domain/namespaces/namespace-request.ts'
import { patchNamespace } from '../../src/domain/namespaces/patch-namespace.ts'
import { ensureFirstKey } from '../../src/domain/organizations/ensure-first-key.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { adminOf } from '../support/principal.ts'
import { leafOf, openWrittenNamespace } from '../support/written-namespace.ts'

const everywhere = { collectionIds: null }
const log = openLogger({ level: 'silent' })

describe('a data folder that others come into while its owner works alone', () => {
  let folder: string
  let config: Config
  let owner: Composition
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nacre-later-'))
    config = readConfig({ NACRE_DATA: folder, NACRE_FACTS_AGE_MS: '50' })
    owner = await compose(config, log)
    await ensureFirstKey(owner.ports, { adminKey: null })
    await owner.admitOthers()
  })
  after(async () => {
    await owner[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true, maxRetries: 20 })
  })

  test('answers rightly, in each of them, for what the first write of the other tells of a field', async () => {
    const { ports } = owner
    const fields = Array.from({ length: 20 }, (_, i) => ({ n: i % 10 }))
    const { namespace, collectionId } = await openWrittenNamespace(ports, { fields })
    await declareInteger(ports, namespace.id)
    const isLarge = leafOf('n', 'gt', 5)
    // Known by heart from here on, as long as the owner is alone.
    assert.equal(await count(ports, isLarge), 8)
    assert.equal(ports.cache.isShared(), false)

    await using guest = await compose(config, log, 'worker')
    await write(guest.ports, 5.5)
    assert.equal(await count(ports, isLarge), 9, 'the integer index does not hold 5.5')
    await write(ports, 'many')
    assert.equal(await count(guest.ports, leafOf('n', 'eq', 'many')), 1)
    assert.deepEqual(
      [ports, guest.ports].map(({ cache }) => cache.isShared()),
      [true, true],
    )

    function count(of: Ports, filter: Filter): Promise<number> {
      return countDocuments(of, namespace, everywhere, filter)
    }
    async function write(by: Ports, n: unknown): Promise<void> {
      const document = { id: by.newId(), collectionId, fields: { n }, vectors: {} }
      await writeDocuments(by, namespace, [{ ...document, origin: 'api' }])
    }
  })
})

async function declareInteger(ports: Ports, id: string): Promise<void> {
  const payload_indexes = [{ field_name: 'n', type: 'integer' }]
  await patchNamespace(ports, await adminOf(ports), id, NamespacePatch.parse({ payload_indexes }))
}
