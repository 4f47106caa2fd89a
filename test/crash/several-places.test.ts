import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { createApi } from '../../src/http/api.ts'
import { routes } from '../../src/http/routes.ts'
import { operationKey } from '../conformance/shapes.ts'
import { pathOf } from '../conformance/step-path.ts'
import { walk } from '../conformance/walk.ts'
import { readCrashList } from '../support/crash-list.ts'
import { isSoak } from '../support/crash.ts'
import { Doom } from '../support/doom.ts'
import { mortalPorts } from '../support/mortal-ports.ts'
import { startTestServer } from '../support/server.ts'

const skip = !isSoak && 'walks the whole API: npm run soak'

test(
  'an operation that writes in more than one place stands in the list of those',
  { skip },
  async (t) => {
    await using server = await startTestServer()
    // What is written by the clock is not what a request writes: each has a list of its own, which is read as it ends.
    const request = new AsyncLocalStorage<string[]>()
    const never = { call: Number.POSITIVE_INFINITY, when: 'after' } as const
    const doom = new Doom(never, 'effects', (name) => void request.getStore()?.push(name))
    await using recording = mortalPorts(server.ports, doom)
    await using api = createApi(routes, recording.ports)
    const routeOf = new Map(routes.map((route) => [operationKey(route), route]))
    const { several, single } = await readCrashList()
    const listed = new Set(several.flatMap(({ names }) => names))
    const unlisted: string[] = []

    await walk(async (key, step = {}) => {
      const route = routeOf.get(key)
      if (!route) return null
      const { operationId, access } = route
      const effects: string[] = []
      const response = await request.run(effects, () => api.fetch(requestOf(key, step)))
      const text = await response.text()
      // What only reads may write down what was waiting to be, before it is asked for.
      const isListed =
        listed.has(operationId) || (access === 'read' && !single.includes(operationId))
      if (effects.length > 1 && !isListed) unlisted.push(`${operationId}: ${effects.join(', ')}`)
      if (effects.length > 0) t.diagnostic(`${operationId}: ${effects.join(', ')}`)
      const isJson = response.headers.get('content-type') === 'application/json'
      return response.ok && isJson ? JSON.parse(text) : null
    })

    assert.deepEqual(unlisted, [])

    function requestOf(key: string, step: Parameters<typeof pathOf>[1]): Request {
      const { body, namespace, contentType = 'application/json' } = step
      const isBytes = typeof body === 'string' || body instanceof Uint8Array
      return new Request(server.url + pathOf(key, step), {
        method: key.slice(0, key.indexOf(' ')),
        headers: {
          authorization: `Bearer ${server.key}`,
          'content-type': contentType,
          ...(namespace !== undefined && { 'x-namespace': namespace }),
        },
        ...(body !== undefined && {
          body: isBytes ? (body as NonNullable<RequestInit['body']>) : JSON.stringify(body),
        }),
      })
    }
  },
)
