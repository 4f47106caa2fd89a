import { sql } from 'kysely'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fronted } from '../../../test/support/fronted.ts'
import { openTestPorts } from '../../../test/support/ports.ts'
import { adminOf } from '../../../test/support/principal.ts'
import type { Ports } from '../../ports/ports.ts'
import { createNamespace } from './create-namespace.ts'
import { NewNamespace } from './namespace-request.ts'

test('a namespace that is made leaves no job behind; one that is neither made nor undone does', async () => {
  await using ports = await openTestPorts()
  const admin = await adminOf(ports)

  await createNamespace(ports, admin, NewNamespace.parse({ namespace_name: 'whole' }))
  assert.deepEqual(await waitingNamespaces(ports), [])

  const vectors = fronted(ports.vectors, {
    setAlias: () => Promise.reject(new Error('the engine is away')),
    dropAlias: () => Promise.reject(new Error('the engine is away')),
  })
  const half = NewNamespace.parse({ namespace_name: 'half' })
  await assert.rejects(createNamespace({ ...ports, vectors }, admin, half), /engine is away/)
  assert.deepEqual(await waitingNamespaces(ports), ['half'])
})

/** Those that a job will look after. */
async function waitingNamespaces({ db }: Ports): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select namespaces.name from pgboss.job
    join namespaces on namespaces.id = job.data->'payload'->>'namespace_id'
    where job.name = 'namespace.converge' and job.state = 'created'
  `.execute(db)
  return rows.map(({ name }) => name)
}
