import { z } from 'zod'
import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import { suggestion } from '../nearest-name.ts'
import type { Fault } from '../failure.ts'
import { indexTypes, type IndexType } from './payload-index.ts'

/** The longest token a text index may be told to hold; beyond it the word is not one that anybody types. */
const tokenLengthMax = 1_000

/** Contract 8.2: each type's own options with their defaults. Null counts as not said. */
const optionsOf = {
  keyword: z.object({ is_tenant: flag(false) }),
  integer: z
    .object({ lookup: flag(true), range: flag(true) })
    .refine(({ lookup, range }) => lookup || range, {
      message: 'lookup and range are both false; an integer index needs at least one of them',
    }),
  float: z.object({}),
  bool: z.object({}),
  geo: z.object({}),
  datetime: z.object({}),
  text: z
    .object({
      tokenizer: z
        .enum(['word', 'whitespace', 'prefix', 'multilingual'])
        .nullish()
        .transform((given) => given ?? ('word' as const)),
      min_token_len: tokenLength(2),
      max_token_len: tokenLength(15),
      lowercase: flag(true),
    })
    .refine(({ min_token_len, max_token_len }) => min_token_len <= max_token_len, {
      message: 'is less than min_token_len (2 where it is not given)',
      path: ['max_token_len'],
    }),
  uuid: z.object({ is_tenant: flag(false) }),
} as const satisfies Record<IndexType, z.ZodType>

/** Every option that some type knows; only a name outside of these is a mistake (contract 2.1, trap 17). */
const knownOptions = new Set([
  'type',
  ...indexTypes.flatMap((type) => Object.keys(optionsOf[type].shape)),
])

/** A type's schema with all its options at their defaults: what an absent `field_schema` means. */
export function defaultSchema(type: IndexType): PayloadFieldSchema {
  return { type, ...optionsOf[type].parse({}) } as PayloadFieldSchema
}

/**
 * The schema that `type` and the client's `field_schema` mean together: the type wins, options of other types
 * are ignored (generated clients add them on round trips), an option of this type out of its range is a fault.
 */
export function parseFieldSchema(
  type: IndexType,
  given: Record<string, unknown> | null,
  location: Fault['location'],
): { schema: PayloadFieldSchema; faults: Fault[] } {
  const result = optionsOf[type].safeParse(given ?? {})
  const faults = [
    ...unknownOptions(given ?? {}, location),
    ...(result.error?.issues ?? []).map(({ path, message }) => ({
      location: [...location, ...path.map(segment)],
      message: `${message} (options of a ${type} index)`,
      type: 'invalid_option',
    })),
  ]
  if (!result.success) return { schema: defaultSchema(type), faults }
  return { schema: { type, ...result.data } as PayloadFieldSchema, faults }
}

/** Whether two schemas ask the engine for the same index, options left out meaning their defaults. */
export function sameSchema(a: PayloadFieldSchema, b: PayloadFieldSchema): boolean {
  if (a.type !== b.type) return false
  const [left, right] = [whole(a), whole(b)]
  return Object.keys(left).every((key) => left[key] === right[key])
}

function whole({ type, ...options }: PayloadFieldSchema): Record<string, unknown> {
  return { ...defaultSchema(type), ...options }
}

function unknownOptions(given: Record<string, unknown>, location: Fault['location']): Fault[] {
  return Object.keys(given)
    .filter((name) => !knownOptions.has(name))
    .map((name) => ({
      location: [...location, name],
      message: `is no option of a payload index${suggestion(name, knownOptions)}`,
      type: 'unknown_field',
    }))
}

function segment(part: PropertyKey): string | number {
  return typeof part === 'number' ? part : String(part)
}

function flag(value: boolean) {
  return z
    .boolean()
    .nullish()
    .transform((given) => given ?? value)
}

function tokenLength(value: number) {
  return z
    .int()
    .min(1)
    .max(tokenLengthMax)
    .nullish()
    .transform((given) => given ?? value)
}
