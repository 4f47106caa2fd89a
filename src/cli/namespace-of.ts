import { fail } from '../domain/failure.ts'
import type { ServerClient } from './reach-server.ts'

export interface NamedNamespace {
  id: string
  name: string
}

interface Answer {
  namespace_id: string
  namespace_name: string
}

/** The namespace named by id or name, else the server's only one. Throws `bad_request` where it would be a guess. */
export async function namespaceOf(server: ServerClient, given: unknown): Promise<NamedNamespace> {
  if (typeof given === 'string') {
    const path = `/v1/namespaces/${encodeURIComponent(given)}`
    return named(await server.call<Answer>('GET', path))
  }
  const { results } = await server.call<{ results: Answer[] }>('GET', '/v1/namespaces')
  const [only, ...others] = results
  if (only && others.length === 0) return named(only)
  const names = results.map(({ namespace_name: name }) => name).join(', ')
  const reason = only
    ? `There are several namespaces, ${names}: name one.`
    : 'There is no namespace yet: POST /v1/namespaces makes one.'
  throw fail('bad_request', { reason })
}

function named({ namespace_id: id, namespace_name: name }: Answer): NamedNamespace {
  return { id, name }
}
