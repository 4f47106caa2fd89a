import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { startTestServer, type Answer, type TestServer } from '../support/server.ts'
import { addOrganization, furnish, furnishPlugin } from '../support/tenant.ts'

/** What paths and bodies name: parameter → the id or name of one thing. */
export type Things = Record<string, string>

/** One organization's namespace with one thing of each noun, and a key that may do everything to it. */
export interface Tenant {
  key: string
  things: Things
}

/** A server with two organizations that name everything alike, and keys of the first that reach less. */
export interface World extends AsyncDisposable {
  server: TestServer
  /** The organization that operates the server: what is its own is attacked. */
  victim: Tenant
  /** The victim's second namespace. */
  sibling: Tenant
  /** The other organization, with an admin's key. */
  attacker: Tenant
  /** The victim's keys, by what is wrong with them. */
  dead: Record<'expired' | 'revoked' | 'rotated' | 'suspended', string>
  /** The victim's keys of one permission each. */
  weak: Record<'read' | 'write' | 'delete', string>
  /** An admin's key of the victim that is bound to the second namespace. */
  bound: string
}

/** Stands in every text that the victim wrote: an answer that holds it to another tells too much. */
export const secret = 'onlythevictims'

export async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack()
  const server = stack.use(await startTestServer())
  const victim = await tenant(server, server.key, 'admin@localhost', secret)
  const sibling = await tenant(server, server.key, 'admin@localhost', secret)
  const theirKey = await addOrganization(server.ports)
  const attacker = await tenant(server, theirKey, 'root@other.example', 'attackers')
  const keys = await keysOf(server, sibling.things['namespace_id'] ?? '')
  const owned = stack.move()
  return {
    server,
    victim,
    sibling,
    attacker,
    ...keys,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

type Call = TestServer['call']

/** The server as the key's owner calls it. */
export function callAs(server: TestServer, key: string): Call {
  return (method, path, body, headers) =>
    server.call(method, path, body, { ...headers, authorization: `Bearer ${key}` })
}

async function tenant(
  server: TestServer,
  key: string,
  user_email: string,
  word: string,
): Promise<Tenant> {
  const call = callAs(server, key)
  const things = await furnish(call)
  const at = { 'x-namespace': things.namespace_id }
  const { namespace_id, collection_identifier, retriever_id, bucket_identifier } = things
  const { plugin_id } = await furnishPlugin(call, namespace_id)
  const { execution_id } = await call('POST', `/v1/retrievers/${retriever_id}/execute`, {}, at)
  const key_name = `key of ${word} ${randomBytes(2).toString('hex')}`
  const email = encodeURIComponent(user_email)
  await call('POST', `/v1/organizations/users/${email}/api-keys`, { name: key_name })
  const document = { title: word, year: 2002 }
  await call('POST', `/v1/collections/${collection_identifier}/documents`, document, at)
  const noted = { description: word, metadata: { word } }
  await call('PATCH', `/v1/namespaces/${namespace_id}`, { description: word })
  await call('PATCH', `/v1/collections/${collection_identifier}`, noted, at)
  await call('PATCH', `/v1/buckets/${bucket_identifier}`, noted, at)
  await call('PATCH', '/v1/organizations', { organization_name: word, metadata: { word } })
  const decision_id = await insertDecision(server, namespace_id, word)
  return { key, things: { ...things, plugin_id, execution_id, user_email, key_name, decision_id } }
}

/** What an advisor would have decided, without the reads that it takes. */
async function insertDecision(
  { ports }: TestServer,
  namespaceId: string,
  word: string,
): Promise<string> {
  const id = ports.newId('dec')
  const at = ports.now()
  await ports.db
    .insertInto('index_decisions')
    .values({
      id,
      namespace_id: namespaceId,
      field_name: word,
      path: word,
      state: 'declined',
      schema: null,
      reason: word,
      inputs: JSON.stringify({}),
      census: null,
      before: null,
      after: null,
      parity: null,
      ending: null,
      actor: 'auto',
      attempts: 1,
      blocked_until: null,
      created_at: at,
      updated_at: at,
      active_at: null,
    })
    .execute()
  return id
}

async function keysOf(
  server: TestServer,
  siblingId: string,
): Promise<Pick<World, 'dead' | 'weak' | 'bound'>> {
  const users = '/v1/organizations/users'
  const admin = `${users}/admin%40localhost/api-keys`
  const make = async (name: string, more: object, at = admin): Promise<string> =>
    (await server.call('POST', at, { name, permissions: ['admin'], ...more })).key
  const weak = {
    read: await make('read', { permissions: ['read'] }),
    write: await make('write', { permissions: ['write'] }),
    delete: await make('delete', { permissions: ['delete'] }),
  }
  const scopes = [{ resource_type: 'namespace', resource_id: siblingId }]
  const email = 'gone@films.example'
  await server.call('POST', users, { email, user_name: 'Gone' })
  const dead = {
    expired: await make('expired', {}),
    revoked: await make('revoked', {}),
    rotated: await make('rotated', {}),
    suspended: await make('of one suspended', {}, `${users}/${encodeURIComponent(email)}/api-keys`),
  }
  await server.call('PATCH', `${admin}/expired`, { expires_at: '2001-01-01T00:00:00Z' })
  await server.call('DELETE', `${admin}/revoked`)
  await server.call('POST', `${admin}/rotated/rotate`)
  await server.call('PATCH', `${users}/${encodeURIComponent(email)}`, { status: 'suspended' })
  return { weak, dead, bound: await make('bound', { scopes }) }
}

/** Tables whose every row of the victim's namespace must stay as it is. */
const ofItsNamespace = [
  'buckets',
  'objects',
  'collections',
  'batches',
  'retrievers',
  'executions',
  'plugins',
  'plugin_uploads',
  'tasks',
  'index_decisions',
]

/** Every row and document of the victim's namespace and organization, but for what watching it changes. */
export async function stateOf({ server, victim }: World): Promise<Answer> {
  const { db } = server.ports
  const { namespace_id = '', collection_identifier, object_identifier } = victim.things
  const call = callAs(server, victim.key)
  const at = { 'x-namespace': namespace_id }
  const all = { limit: 100 }
  const documents = `/v1/collections/${collection_identifier}/documents/list`
  const ofNamespace = async (table: string, key = 'id') => {
    const rows = sql`select * from ${sql.table(table)}
      where namespace_id = ${namespace_id} order by ${sql.ref(key)}`
    return (await rows.execute(db)).rows
  }
  const rows = await Promise.all([
    db.selectFrom('namespaces').selectAll().where('id', '=', namespace_id).execute(),
    ...ofItsNamespace.map((table) => ofNamespace(table)),
    ofNamespace('payload_indexes', 'path'),
    db
      .selectFrom('object_blobs')
      .selectAll()
      .where('object_id', '=', object_identifier ?? '')
      .orderBy('id')
      .execute(),
    db.selectFrom('organizations').selectAll().where('name', '=', secret).execute(),
    db.selectFrom('users').selectAll().where('email', '=', 'admin@localhost').execute(),
    db
      .selectFrom('api_keys')
      .select(['name', 'hash', 'permissions', 'scopes', 'expires_at', 'revoked_at'])
      .where('organization_id', 'in', (q) =>
        q.selectFrom('organizations').select('id').where('name', '=', secret),
      )
      .orderBy('name')
      .execute(),
  ])
  return { rows, documents: (await call('POST', documents, all, at)).results }
}
