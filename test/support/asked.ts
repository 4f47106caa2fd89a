import assert from 'node:assert/strict'
import { readContract } from '../conformance/shapes.ts'
import type { Step } from '../conformance/walk.ts'
import type { Answer, TestServer } from './server.ts'

export interface Asked {
  status: number
  answer: Answer
}

/** `POST /v1/buckets/{}/objects`, as in the contract, and what goes into it; `as` another key, or none. */
export type Ask = (key: string, step?: AskStep) => Promise<Asked>
export type AskStep = Omit<Step, 'namespace'> & {
  namespace?: string | undefined
  as?: string | null
}

/**
 * Calls operations and holds every answer to the contract: a success to its operation's status and schema, a failure
 * to the envelope (contract 3.1). `given` is what each step has unless it says otherwise.
 */
export async function openAsk(
  server: TestServer,
  given: Pick<Step, 'namespace'> = {},
): Promise<Ask> {
  const contract = await readContract()
  return async (key, step = {}) => {
    const { path = [], query = '', body, namespace, as } = { ...given, ...step }
    const values = path.values()
    const filled = key.replaceAll('{}', () => encodeURIComponent(values.next().value ?? ''))
    const [method = '', target = ''] = filled.split(' ')
    const response = await server.fetch(target + query, {
      method,
      headers: {
        ...(as !== undefined && { authorization: as === null ? '' : `Bearer ${as}` }),
        ...(namespace !== undefined && { 'x-namespace': namespace }),
        ...(typeof body === 'string' && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body }),
    })
    const text = await response.text()
    const answer: Answer = text === '' ? null : JSON.parse(text)
    const operation = contract.operations.get(key)
    if (!response.ok) assertEnvelope(response.status, answer)
    else if (operation)
      assert.deepEqual(contract.faultsOf(operation, response.status, answer), [], text)
    return { status: response.status, answer }
  }
}

/** Keys of one permission each, made over the API as an admin makes them. */
export async function addKey(server: TestServer, permission: string): Promise<string> {
  const { results } = await server.call('GET', '/v1/organizations/users')
  const email = encodeURIComponent(results[0].email)
  const path = `/v1/organizations/users/${email}/api-keys`
  const { key } = await server.call('POST', path, { name: permission, permissions: [permission] })
  return key
}

/** `location: message` of each fault of a 422. */
export function faultsIn(answer: Answer): string[] {
  return answer.error.details.validation_errors.map(
    ({ location, message }: Answer) => `${location.join('.')}: ${message}`,
  )
}

function assertEnvelope(status: number, answer: Answer): void {
  const text = JSON.stringify(answer)
  assert.equal(answer.success, false, text)
  assert.equal(answer.status, status, text)
  assert.match(answer.error.type, /Error$/, text)
  assert.ok(answer.error.message.length > 0, text)
  if (status !== 422) return
  // Two clients read two shapes of the same faults (contract 2.1, 11).
  assert.ok(answer.error.details.validation_errors.length > 0, text)
  assert.equal(answer.detail.length, answer.error.details.validation_errors.length, text)
}
