import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fail } from '../../domain/failure.ts'
import type { Command, CommandCall } from '../command.ts'

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
  settings: ['dataFolder', 'host', 'port', 'adminKey'],
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
  const answer = await request(call, 'GET', keysPath(call))
  if (call.isJson) return call.print(JSON.stringify(answer))
  for (const { name, key_prefix: prefix, status, permissions, last_used_at: used } of rowsOf(
    answer,
  ))
    call.print([name, prefix, status, permissions.join(','), used ?? 'never used'].join('\t'))
}

async function create(call: CommandCall, name: string): Promise<void> {
  const { permissions = 'write', expires } = call.flags
  const answer = await request(call, 'POST', keysPath(call), {
    name,
    permissions: String(permissions).split(','),
    ...(expires !== undefined && { expires_at: expires }),
  })
  if (call.isJson) return call.print(JSON.stringify(answer))
  call.print(`Key '${name}', shown once:\n  ${(answer as { key: string }).key}`)
}

async function revoke(call: CommandCall, name: string): Promise<void> {
  const answer = await request(call, 'DELETE', `${keysPath(call)}/${encodeURIComponent(name)}`)
  call.print(call.isJson ? JSON.stringify(answer) : `Key '${name}' is revoked.`)
}

function keysPath({ flags }: CommandCall): string {
  const user = typeof flags['user'] === 'string' ? flags['user'] : 'admin@localhost'
  return `/v1/organizations/users/${encodeURIComponent(user)}/api-keys`
}

async function request(
  call: CommandCall,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const { config } = call
  const url = `http://${config.host}:${config.port}${path}`
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${await adminKey(call)}`,
      'content-type': 'application/json',
    },
    ...(body && { body: JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw fail(
      'bad_request',
      { reason: `No server answers at ${url}; is \`nacre serve\` running?` },
      { cause },
    )
  })
  const answer: unknown = await response.json()
  if (!response.ok) throw usage((answer as { error: { message: string } }).error.message)
  return answer
}

async function adminKey({ config }: CommandCall): Promise<string> {
  if (config.adminKey !== undefined) return config.adminKey
  const path = join(resolve(config.dataFolder), 'admin.key')
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw fail(
      'unauthorized',
      { reason: `No key at ${path}; set NACRE_DATA to the server's folder, or NACRE_ADMIN_KEY.` },
      { cause },
    )
  }
}

/** What the API answers of a key, as far as the list shows it. */
interface Row {
  name: string
  key_prefix: string
  status: string
  permissions: string[]
  last_used_at: string | null
}

function rowsOf(answer: unknown): Row[] {
  const { results } = answer as { results?: Row[] }
  return results ?? []
}

function usage(reason: string) {
  return fail('bad_request', { reason })
}
