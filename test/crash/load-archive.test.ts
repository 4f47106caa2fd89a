import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArchiveHeader } from '../../src/domain/archive/archive.ts'
import { beginLoad, loadStatus } from '../../src/domain/archive/begin-load.ts'
import { dumpNamespace } from '../../src/domain/archive/dump-namespace.ts'
import { dumpServer, planDump } from '../../src/domain/archive/dump-server.ts'
import { endLoad, parseEnd } from '../../src/domain/archive/end-load.ts'
import { loadPoints, settleLoaded } from '../../src/domain/archive/load-points.ts'
import { loadRows, partName } from '../../src/domain/archive/load-rows.ts'
import { findNamespace } from '../../src/domain/namespaces/find-namespace.ts'
import { recoverNamespaces } from '../../src/domain/namespaces/recover-namespaces.ts'
import { ensureFirstKey } from '../../src/domain/organizations/ensure-first-key.ts'
import { readFirstOrganization } from '../../src/store/organizations.ts'
import type { Ports } from '../../src/ports/ports.ts'
import { everyCrash } from '../support/crash.ts'
import { openFilmNamespace } from '../support/film-namespace.ts'
import { openTestPorts } from '../support/ports.ts'

const key = 'sk_test_0123456789abcdef'

interface Archive {
  header: ArchiveHeader
  namespaceId: string
  organizationId: string
  /** Table → rows, in the order in which they are loaded. */
  server: Map<string, string[]>
  tables: Map<string, string[]>
  points: string[]
  end: string[]
}

test('an archive is loaded whole and once, wherever the loading of it crashed', async () => {
  const archive = await archiveOfFilms()
  let target: (Ports & AsyncDisposable) | null = null

  const calls = await everyCrash(
    async () => {
      await target?.[Symbol.asyncDispose]()
      target = await openTestPorts()
      await ensureFirstKey(target, { adminKey: key })
      return { ports: target, state: archive }
    },
    loadAll,
    async (second) => {
      await recoverNamespaces(second, { isAlone: true })
      await ensureFirstKey(second, { adminKey: null })
      await loadAll(second, archive)

      assert.deepEqual(await dumped(second, archive.namespaceId), {
        tables: archive.tables,
        points: archive.points,
      })
      const { organizationId, namespaceId } = archive
      assert.equal((await findNamespace(second, organizationId, namespaceId)).state, 'ready')
      const organizations = await second.db.selectFrom('organizations').select('id').execute()
      assert.deepEqual(organizations, [{ id: organizationId }])
    },
    { stride: 10 },
  )
  await (target as AsyncDisposable | null)?.[Symbol.asyncDispose]()

  assert.ok(calls >= 4, `${calls} crash points`)
})

/** As `nacre load` does it, from where it stands. */
async function loadAll(ports: Ports, archive: Archive): Promise<void> {
  const organizationId = (await readFirstOrganization(ports.db))?.id ?? ''
  const { state, positions } = await beginLoad(ports, { organizationId }, archive.header)
  if (state === 'loaded') return
  const { namespaceId, server, tables, points } = archive
  const at = (id: string | null, name: string) => positions[partName(id, name)] ?? 0
  for (const [id, parts] of [
    [null, server],
    [namespaceId, tables],
  ] as const) {
    for (const [name, rows] of parts) {
      const from = at(id, name)
      if (from < rows.length)
        await loadRows(ports, name, { namespaceId: id, from, lines: rows.slice(from) })
    }
  }
  const from = at(namespaceId, 'points')
  for (let i = from; i < points.length; i += 2) {
    await loadPoints(ports, { namespaceId, from: i, lines: points.slice(i, i + 2) })
  }
  await settleLoaded(ports, namespaceId, new AbortController().signal)
  await endLoad(ports, parseEnd(archive.end))
  assert.equal((await loadStatus(ports, archive.header.archive_id)).state, 'loaded')
}

async function archiveOfFilms(): Promise<Archive> {
  await using ports = await openTestPorts()
  await ensureFirstKey(ports, { adminKey: key })
  const { namespace } = await openFilmNamespace(ports, { extracted: 3, byHand: 4 })
  const { id: namespaceId, organizationId } = namespace
  const lines: string[] = []
  await dumpServer(ports, async (told) => void lines.push(...told))
  const shared = split(lines)
  const { tables, points } = await dumped(ports, namespaceId)
  const withEnd = ['users', 'api_keys']
  return {
    header: {
      ...(await planDump(ports)),
      archive_id: 'archive',
      version: '0.1.0',
      organizations: [organizationId],
      namespaces: [{ id: namespaceId, points: points.length }],
    },
    namespaceId,
    organizationId,
    server: new Map([...shared.tables].filter(([name]) => !withEnd.includes(name))),
    tables,
    points,
    end: withEnd.flatMap((table) => [
      JSON.stringify({ table }),
      ...(shared.tables.get(table) ?? []).map((row) => `{"row":${row}}`),
    ]),
  }
}

async function dumped(ports: Ports, namespaceId: string) {
  const lines: string[] = []
  const { signal } = new AbortController()
  await dumpNamespace(
    ports,
    namespaceId,
    new Date(0),
    async (told) => void lines.push(...told),
    signal,
  )
  return split(lines)
}

function split(lines: readonly string[]): { tables: Map<string, string[]>; points: string[] } {
  const tables = new Map<string, string[]>()
  const points: string[] = []
  let rows: string[] = []
  for (const line of lines) {
    if (line.startsWith('{"table":')) tables.set(JSON.parse(line).table, (rows = []))
    if (line.startsWith('{"row":')) rows.push(line.slice('{"row":'.length, -1))
    if (line.startsWith('{"point":')) points.push(line.slice('{"point":'.length, -1))
  }
  return { tables, points }
}
