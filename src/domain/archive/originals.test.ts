import assert from 'node:assert/strict'
import { createHash, randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { openTestPorts } from '../../../test/support/ports.ts'
import { readSchemaNumber } from '../../store/loads.ts'
import { isFailure } from '../failure.ts'
import { beginLoad } from './begin-load.ts'
import { loadOriginal } from './originals.ts'

test('loadOriginal() of other bytes keeps nothing of them, and takes nothing away that is there', async () => {
  await using ports = await openTestPorts()
  await beginLoad(ports, { organizationId: 'org_test' }, await header())
  const [there, other] = ['an original', 'another original'].map(hashOf)
  assert.ok(there && other)
  await loadOriginal(ports, there, chunksOf('an ', 'original'))

  const refused = (error: unknown) => isFailure(error, 'request_invalid')
  await assert.rejects(loadOriginal(ports, other, chunksOf('an original')), refused)
  await assert.rejects(loadOriginal(ports, other, chunksOf('bytes that are neither')), refused)

  assert.equal(await ports.blobs.has(there), true)
  assert.equal(await ports.blobs.has(other), false)
  assert.equal(await ports.blobs.has(hashOf('bytes that are neither')), false)

  async function header() {
    return {
      archive_id: randomUUID(),
      archive_format: 1,
      version: '0.1.0',
      schema: await readSchemaNumber(ports.db),
      server_id: 'org_other',
      organizations: ['org_other'],
      namespaces: [],
    }
  }
})

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

async function* chunksOf(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text)
}
