import { QdrantClient } from '@qdrant/js-client-rest'
import { fail, isFailure } from '../../domain/failure.ts'
import type { CollectionSpec, RepairReport } from '../../ports/vector-engine.ts'
import { serverFailure } from './server-errors.ts'

export interface ServerAddress {
  url: string
  apiKey: string | null
}

/** The oldest server with what the port needs: named vectors that come and go. */
const oldest = { major: 1, minor: 18 }

/** What a Nacre that serves its Edge can be told, and a Qdrant cannot. */
export interface NacreCalls {
  flush: (collection: string) => Promise<void>
  /** True where there was work. */
  optimize: (collection: string) => Promise<boolean>
  repair: (collection: string, spec: CollectionSpec) => Promise<RepairReport>
}

export interface ServerLink {
  address: ServerAddress
  client: QdrantClient
  version: string
  /** Null where the other side is a Qdrant. */
  nacre: NacreCalls | null
}

/**
 * A client of the server, once it has answered with its version. Throws Failure('engine_unavailable')
 * where it does not answer, and where it is too old, with both versions.
 */
export async function connect(address: ServerAddress): Promise<ServerLink> {
  const client = new QdrantClient(clientOptions(address))
  const { version, title } = await client.versionInfo().catch((error: unknown) => {
    throw startFailure(address, serverFailure(error))
  })
  assertNewEnough(version)
  return { address, client, version, nacre: title === 'nacre' ? nacreCalls(address) : null }
}

/** At a start it matters where nobody answered, and which setting says so. */
function startFailure({ url }: ServerAddress, error: unknown): unknown {
  if (!isFailure(error, 'engine_unavailable')) return error
  const engine = `The Qdrant at ${placeOf(url).origin} (QDRANT_URL)`
  return fail('engine_unavailable', { engine, reason: error.detail.reason }, { cause: error })
}

/** The client takes no path and no default ports from a URL, and prints what it does not like: not here. */
function clientOptions(address: ServerAddress): ConstructorParameters<typeof QdrantClient>[0] {
  const { origin, port, prefix } = placeOf(address.url)
  return {
    url: origin,
    port,
    ...(prefix && { prefix }),
    // As a header: given as `apiKey` over http the client warns on the console.
    headers: keyHeader(address),
    checkCompatibility: false,
  }
}

function nacreCalls(address: ServerAddress): NacreCalls {
  return {
    flush: async (collection) => {
      await callNacre(address, collection, 'flush')
    },
    optimize: async (collection) => (await callNacre(address, collection, 'optimize')) === true,
    repair: async (collection, spec) => {
      for (;;) {
        // Null while it goes on: the next call waits for the same repair.
        const report = await callNacre(address, collection, 'repair', spec)
        if (report !== null) return report as RepairReport
      }
    },
  }
}

async function callNacre(
  address: ServerAddress,
  collection: string,
  verb: 'flush' | 'optimize' | 'repair',
  body?: object,
): Promise<unknown> {
  const { origin, prefix } = placeOf(address.url)
  const answer = await fetch(
    `${origin}${prefix}/collections/${encodeURIComponent(collection)}/${verb}`,
    {
      method: 'POST',
      headers: keyHeader(address),
      ...(body && { body: JSON.stringify(body) }),
    },
  )
  const data: unknown = await answer.json()
  // Shaped as the client's own errors, which are told apart by these two.
  if (!answer.ok) throw Object.assign(new Error(), { status: answer.status, data })
  return typeof data === 'object' && data && 'result' in data ? data.result : null
}

function keyHeader({ apiKey }: ServerAddress): Record<string, string> {
  return apiKey ? { 'api-key': apiKey } : {}
}

/** Qdrant's port is 6333 unless the URL says another, be it the scheme's own, which URL objects hide. */
function placeOf(url: string): { origin: string; port: number; prefix: string } {
  const { protocol, hostname, port, pathname } = new URL(url)
  const said = port || /^https?:\/\/[^/]*:(\d+)(?:\/|$)/.exec(url)?.[1] || '6333'
  const prefix = pathname.replace(/\/+$/, '')
  return { origin: `${protocol}//${hostname}:${said}`, port: Number(said), prefix }
}

function assertNewEnough(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return
  throw fail('engine_unavailable', {
    engine: 'qdrant-server',
    reason: `it is version ${version}, and ${oldest.major}.${oldest.minor} or later is needed`,
  })
}
