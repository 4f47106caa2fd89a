import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { portKey } from './key-path.ts'

/** One field of `payload_schema` as collection info gives it. */
export interface RawFieldSchema {
  data_type: string
  params?: Record<string, unknown> | null
}

/** The options of each index type that the port knows. */
const options: { readonly [T in PayloadFieldSchema['type']]: readonly string[] } = {
  keyword: ['is_tenant'],
  integer: ['lookup', 'range'],
  float: [],
  bool: [],
  geo: [],
  datetime: [],
  uuid: ['is_tenant'],
  text: ['tokenizer', 'min_token_len', 'max_token_len', 'lowercase'],
}

/** `payload_schema` of collection info in the port's words. Options the port has no word for are left out. */
export function payloadSchemaOf(
  raw: Record<string, RawFieldSchema | undefined>,
): Record<string, PayloadFieldSchema> {
  return Object.fromEntries(
    Object.entries(raw).flatMap(([key, field]) =>
      field ? [[portKey(key), fieldSchemaOf(field)]] : [],
    ),
  )
}

function fieldSchemaOf({ data_type, params }: RawFieldSchema): PayloadFieldSchema {
  const type = indexType(data_type)
  const given = options[type].flatMap((option) => {
    const value = params?.[option]
    return value === undefined || value === null ? [] : [[option, value]]
  })
  // The engine answers only what its own schema allows, so the options are of the right kinds.
  return { type, ...Object.fromEntries(given) } as PayloadFieldSchema
}

function indexType(name: string): PayloadFieldSchema['type'] {
  if (name in options) return name as PayloadFieldSchema['type']
  throw new TypeError(`the engine names a payload index type that is not known here: ${name}`)
}
