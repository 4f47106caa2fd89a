import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createNamespace } from '../../src/domain/namespaces/create-namespace.ts'
import { NewNamespace } from '../../src/domain/namespaces/namespace-request.ts'
import { removeUnusedBlobs } from '../../src/domain/objects/remove-unused-blobs.ts'
import {
  beginUpload,
  confirmUpload,
  receiveArchive,
} from '../../src/domain/plugins/upload-plugin.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { everyCrash } from '../support/crash.ts'
import { noPlugins, packPlugin } from '../support/plugins.ts'
import { openTestPorts } from '../support/ports.ts'
import { adminOf } from '../support/principal.ts'
import { lengthPlugin } from '../support/upload-plugin.ts'

const skip = await noPlugins()

test(
  'an archive is kept while an upload or a plugin names it, and not longer, wherever an upload crashed',
  { skip },
  async () => {
    await using ports = await openTestPorts()
    const admin = await adminOf(ports)
    const spec = NewNamespace.parse({ namespace_name: 'films' })
    const namespace = await createNamespace(ports, admin, spec)
    const scope = { organizationId: admin.organizationId, namespaceId: namespace.id }
    let worlds = 0

    const points = await everyCrash(
      async () => ({ ports, state: `film_${worlds++}` }),
      async (mortal, name) => {
        const upload = await beginUpload(mortal, scope, { name, version: '1.0.0' })
        await receiveArchive(mortal, upload.id, chunksOf(archiveOf(name)))
        await confirmUpload(mortal, scope, upload.id, {})
      },
      async (second, name) => {
        await second.db
          .updateTable('unused_blobs')
          .set({ due_at: new Date(0) })
          .execute()
        await removeUnusedBlobs(second)
        assert.deepEqual(await storedBy(second), await namedBy(second))

        // Whatever came can still be confirmed, and confirming again is the same plugin.
        const uploads = await second.db
          .selectFrom('plugin_uploads')
          .select(['id', 'archive_hash'])
          .where('name', '=', name)
          .execute()
        for (const { id, archive_hash } of uploads) {
          if (archive_hash === null) continue
          const { plugin } = await confirmUpload(second, scope, id, {})
          const again = await confirmUpload(second, scope, id, {})
          assert.equal(plugin.pluginId, `${name}_1_0_0`)
          assert.equal(again.plugin.id, plugin.id)
        }
      },
    )

    assert.ok(points > 6, `${points} crash points`)
  },
)

/** One that the scan refuses: nothing of it is run, so that each crash costs little. */
function archiveOf(name: string): Buffer {
  return packPlugin({ ...lengthPlugin(name), 'core.py': `import socket  # ${name}\n` })
}

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100)
}

async function namedBy({ db }: Ports): Promise<string[]> {
  const plugins = await db.selectFrom('plugins').select('archive_hash').execute()
  const uploads = await db.selectFrom('plugin_uploads').select('archive_hash').execute()
  const hashes = [...plugins, ...uploads].flatMap(({ archive_hash }) => archive_hash ?? [])
  return [...new Set(hashes)].toSorted()
}

async function storedBy({ config }: Ports): Promise<string[]> {
  const folder = join(config.dataFolder, 'blobs')
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => name)
  return files.filter((name) => /^[0-9a-f]{64}$/.test(name)).toSorted()
}
