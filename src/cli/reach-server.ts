import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { SettingName } from '../config.ts'
import { fail } from '../domain/failure.ts'
import type { CommandCall } from './command.ts'

/** The running server's API, with a key of its data folder or of the settings. */
export interface ServerClient {
  url: string
  /** Throws `ServerRefused` with the server's own sentence where the status is not 2xx. */
  call<T>(method: string, path: string, body?: object): Promise<T>
  /** Bytes either way, as they come; throws as `call` does. */
  send(method: string, path: string, body?: RequestBody): Promise<Response>
}

export interface RequestBody {
  content: string | AsyncIterable<Uint8Array>
  type: string
}

/** What a command that speaks to a server reads. */
export const serverSettings: readonly SettingName[] = [
  'serverUrl',
  'dataFolder',
  'host',
  'port',
  'adminKey',
]

/** The server said no. */
export class ServerRefused extends Error {
  override readonly name = 'ServerRefused'
  readonly status: number
  /** `error.details` of the envelope. */
  readonly details: Readonly<Record<string, unknown>>
  constructor(status: number, message: string, details: Record<string, unknown>) {
    super(message)
    this.status = status
    this.details = details
  }
}

/** Throws `unauthorized` where no key is known here; nothing is sent yet. */
export async function reachServer(call: Pick<CommandCall, 'config'>): Promise<ServerClient> {
  const { config } = call
  const url = (config.serverUrl ?? `http://${config.host}:${config.port}`).replace(/\/$/, '')
  const key = await adminKey(call)
  async function send(method: string, path: string, body?: RequestBody): Promise<Response> {
    const content = body?.content
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': body?.type ?? 'application/json' },
      ...(content !== undefined && { body: content, duplex: 'half' }),
    }).catch((cause: unknown) => {
      const reason = `No server answers at ${url}; is \`nacre serve\` running?`
      throw fail('bad_request', { reason }, { cause })
    })
    if (!response.ok) throw refused(response.status, await response.text())
    return response
  }
  return {
    url,
    send,
    async call<T>(method: string, path: string, body?: object): Promise<T> {
      const content = body && { content: JSON.stringify(body), type: 'application/json' }
      const text = await (await send(method, path, content)).text()
      return JSON.parse(text === '' ? 'null' : text) as T
    },
  }
}

async function adminKey({ config }: Pick<CommandCall, 'config'>): Promise<string> {
  if (config.adminKey !== undefined) return config.adminKey
  const path = join(resolve(config.dataFolder), 'admin.key')
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    const reason = `No key at ${path}; set NACRE_DATA to the server's folder, or NACRE_ADMIN_KEY.`
    throw fail('unauthorized', { reason }, { cause })
  }
}

interface Envelope {
  error?: { message?: string; details?: Record<string, unknown> }
}

/** Every fault of a 422 on a line of its own, then what would be right. */
function refused(status: number, text: string): ServerRefused {
  const { error } = parsed(text)
  const { details = {}, message = `The server answered ${status}: ${text.slice(0, 500)}` } =
    error ?? {}
  const { validation_errors: faults, hint } = details
  const lines = Array.isArray(faults) && faults.length > 1 ? faults.map(faultLine) : []
  const tail = typeof hint === 'string' ? [`  → ${hint}`] : []
  return new ServerRefused(status, [message, ...lines, ...tail].join('\n'), details)
}

function parsed(text: string): Envelope {
  try {
    return JSON.parse(text) as Envelope
  } catch {
    // A proxy in between answers in its own words.
    return {}
  }
}

function faultLine({ location, message }: { location: unknown[]; message: string }): string {
  return `  ${location.join('.')}: ${message}`
}
