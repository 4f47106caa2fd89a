import { fail } from '../../domain/failure.ts'
import type { Command, CommandCall } from '../command.ts'
import { reachServer, serverSettings } from '../reach-server.ts'

/** Keys of the running server, over its own API: list, create, revoke. */
export const keys: Command = {
  name: 'keys',
  summary: 'List, create or revoke API keys of the running server.',
  arguments: [
    { name: 'action', summary: 'list, create or revoke', required: false },
    { name: 'name', summary: 'the key to create or revoke', required: false },
  ],
  flags: [
    { flags: '--user <email>', summary: 'whose key (default: admin@localhost)' },
    {
      flags: '--permissions <list>',
      summary: 'comma-separated: read, write, delete, admin (default: write)',
    },
    { flags: '--expires <date>', summary: 'when a new key expires, e.g. 2027-01-31' },
  ],
  settings: serverSettings,
  async run(call) {
    const [action = 'list', name] = call.arguments
    if (action === 'list') return list(call)
    if (name === undefined) throw usage(`nacre keys ${action} needs the key's name`)
    if (action === 'create') return create(call, name)
    if (action === 'revoke') return revoke(call, name)
    throw usage(`'${action}' is not something to do with keys: list, create or revoke`)
  },
}

async function list(call: CommandCall): Promise<void> {
  const server = await reachServer(call)
  const answer = await server.call<{ results?: Row[] }>('GET', keysPath(call))
  if (call.isJson) return call.print(JSON.stringify(answer))
  const rows = answer.results ?? []
  for (const { name, key_prefix: prefix, status, permissions, last_used_at: used } of rows)
    call.print([name, prefix, status, permissions.join(','), used ?? 'never used'].join('\t'))
}

async function create(call: CommandCall, name: string): Promise<void> {
  const { permissions = 'write', expires } = call.flags
  const server = await reachServer(call)
  const answer = await server.call<{ key: string }>('POST', keysPath(call), {
    name,
    permissions: String(permissions).split(','),
    ...(expires !== undefined && { expires_at: expires }),
  })
  if (call.isJson) return call.print(JSON.stringify(answer))
  call.print(`Key '${name}', shown once:\n  ${answer.key}`)
}

async function revoke(call: CommandCall, name: string): Promise<void> {
  const server = await reachServer(call)
  const path = `${keysPath(call)}/${encodeURIComponent(name)}`
  const answer = await server.call<object>('DELETE', path)
  call.print(call.isJson ? JSON.stringify(answer) : `Key '${name}' is revoked.`)
}

function keysPath({ flags }: CommandCall): string {
  const user = typeof flags['user'] === 'string' ? flags['user'] : 'admin@localhost'
  return `/v1/organizations/users/${encodeURIComponent(user)}/api-keys`
}

/** What the API answers of a key, as far as the list shows it. */
interface Row {
  name: string
  key_prefix: string
  status: string
  permissions: string[]
  last_used_at: string | null
}

function usage(reason: string) {
  return fail('bad_request', { reason })
}
