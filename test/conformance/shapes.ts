import { readFile } from 'node:fs/promises'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { Route } from '../../src/http/route.ts'

/** One operation of the contract, as bare facts: `shapes.json` holds them all, with the schemas they name. */
export interface Operation {
  method: string
  path: string
  success: number
  body: 'required' | 'optional' | 'none' | 'multipart'
  /** Whether clients send X-Namespace. */
  namespace: boolean
  query: string[]
  /** Name of a schema; null where the sources say nothing. */
  request: string | null
  /** `Name`, or `Name[]` for a bare array. */
  response: string | null
}

interface Shapes {
  operations: Operation[]
  definitions: Record<string, object>
}

/** The contract's operations, and a check of answers against them. */
export interface Contract {
  operations: ReadonlyMap<string, Operation>
  /** What is wrong with an answer; empty where it is right. */
  faultsOf(operation: Operation, status: number, answer: unknown): string[]
}

export async function readContract(): Promise<Contract> {
  const text = await readFile(new URL('./shapes.json', import.meta.url), 'utf8')
  const { operations, definitions } = JSON.parse(text) as Shapes
  const ajv = new Ajv({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'shapes', definitions })
  return {
    operations: new Map(operations.map((operation) => [operationKey(operation), operation])),
    faultsOf(operation, status, answer) {
      const wrongStatus =
        status === operation.success ? [] : [`status ${status}, not ${operation.success}`]
      const { response } = operation
      if (wrongStatus.length > 0 || response === null) return wrongStatus
      const item = { $ref: `shapes#/definitions/${response.replace('[]', '')}` }
      const validate = ajv.compile(response.endsWith('[]') ? { type: 'array', items: item } : item)
      if (validate(answer)) return []
      return (validate.errors ?? []).map(
        (e) => `${e.instancePath || '/'} ${e.message ?? 'is wrong'}`,
      )
    },
  }
}

/** `GET /v1/buckets/{}`: what a parameter is called is not the contract's business. */
export function operationKey({ method, path }: Pick<Route, 'method' | 'path'> | Operation): string {
  return `${method} ${path.replace(/\{\w+\}/g, '{}').replace(/\/$/, '')}`
}

/** What our own OpenAPI document says of an answer; a function that names what is wrong with one. */
export function documentFaults(
  document: Record<string, unknown>,
): (route: Route, answer: unknown) => string[] {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'openapi', ...document })
  return ({ method, path, status }, answer) => {
    if (answer === null) return []
    const place = ['paths', path, method.toLowerCase(), 'responses', String(status), 'content']
    const pointer = [...place, 'application/json', 'schema'].map(escapeKey).join('/')
    const validate = ajv.compile({ $ref: `openapi#/${pointer}` })
    if (validate(answer)) return []
    return (validate.errors ?? []).map(
      (e) => `by our own document: ${e.instancePath || '/'} ${e.message ?? 'is wrong'}`,
    )
  }
}

/** A key as a part of a JSON pointer in a URI. */
function escapeKey(key: string): string {
  return encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))
}
