import { QdrantClient } from '@qdrant/js-client-rest'
import { fail } from '../../domain/failure.ts'
import { serverFailure } from './server-errors.ts'

export interface ServerAddress {
  url: string
  apiKey: string | null
}

/** The oldest server with what the port needs: named vectors that come and go. */
const oldest = { major: 1, minor: 18 }

/**
 * A client of the server, once it has answered with its version. Throws Failure('engine_unavailable')
 * where it does not answer, and an Error that says both versions where it is too old.
 */
export async function connect(
  address: ServerAddress,
): Promise<{ client: QdrantClient; version: string }> {
  const client = new QdrantClient(clientOptions(address))
  const { version } = await client.versionInfo().catch((error: unknown) => {
    throw serverFailure(error)
  })
  assertNewEnough(version)
  return { client, version }
}

/** The client takes no path and no default ports from a URL, and prints what it does not like: not here. */
export function clientOptions({
  url,
  apiKey,
}: ServerAddress): ConstructorParameters<typeof QdrantClient>[0] {
  const { protocol, port, pathname } = new URL(url)
  const explicit = /^https?:\/\/[^/]*:(\d+)(?:\/|$)/.exec(url)?.[1]
  const prefix = pathname.replace(/\/+$/, '')
  return {
    url: new URL(url).origin,
    port: Number(port || explicit || 6333),
    https: protocol === 'https:',
    ...(prefix && { prefix }),
    // As a header: given as `apiKey` over http the client warns on the console.
    ...(apiKey && { headers: { 'api-key': apiKey } }),
    checkCompatibility: false,
  }
}

function assertNewEnough(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10))
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return
  throw fail('engine_unavailable', {
    engine: 'qdrant-server',
    reason: `it is version ${version}, and ${oldest.major}.${oldest.minor} or later is needed`,
  })
}
