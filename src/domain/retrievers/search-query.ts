import { z } from 'zod'
import type { Ports } from '../../ports/ports.ts'
import type { SparseVector } from '../../ports/vector-engine.ts'
import { findCollection } from '../collections/find-collection.ts'
import { pointIdIn } from '../documents/document.ts'
import { retrieveDocuments } from '../documents/read.ts'
import { fail, invalid } from '../failure.ts'
import type { VectorDefinition } from '../namespaces/namespace.ts'
import { isPluginVector, pluginQuery, type QueryPlace } from './plugin-query.ts'
import type { Location } from './stage.ts'

const vectorLengthMax = 65_536
const numbers = z.array(z.number()).min(1).max(vectorLengthMax)

/** A query that is one template takes what its input is (contract 17.5): a list of numbers is a vector. */
const textOrVector = z.union([z.string(), numbers], {
  error: 'Invalid input: expected string, or a list of numbers where it is a vector',
})

/** What a search looks for, in the documented shape (contract 18). */
export const SearchQuery = z.discriminatedUnion('input_mode', [
  z.strictObject({ input_mode: z.literal('text'), value: textOrVector.default('') }),
  z.strictObject({ input_mode: z.literal('content'), value: z.string().default('') }),
  z.strictObject({
    input_mode: z.literal('vector'),
    value: z.union([
      numbers,
      z.array(numbers).min(1),
      z.strictObject({ indices: z.array(z.int().min(0)).max(vectorLengthMax), values: numbers }),
    ]),
  }),
  z.strictObject({
    input_mode: z.literal('document'),
    document_ref: z.strictObject({
      collection_id: z.string().min(1).optional(),
      document_id: z.string().min(1),
    }),
  }),
])
export type SearchQuery = z.infer<typeof SearchQuery>

/** A query as the engine takes it; a text waits for the model, so that all texts of a stage go there together. */
export type Wanted =
  | { vector: Float32Array | SparseVector }
  | { text: string }
  | { missing: string }

type Call = QueryPlace & { ports: Ports }

/**
 * Throws `request_invalid` where the query does not fit the vector, `not_enabled` for content to be fetched, and
 * `plugin_failed` where a plugin makes no vector of it.
 */
export async function wantedBy(
  call: Call,
  vector: VectorDefinition,
  query: SearchQuery,
): Promise<Wanted> {
  switch (query.input_mode) {
    case 'text':
      return typeof query.value === 'string'
        ? await textOf(call, vector, query.value)
        : { vector: checkedVector(vector, query.value, call.location) }
    case 'content':
      return await contentOf(call, vector, query.value)
    case 'vector':
      return { vector: checkedVector(vector, query.value, call.location) }
    case 'document':
      return await storedVector(call, vector, query.document_ref)
  }
}

async function textOf(call: Call, vector: VectorDefinition, text: string): Promise<Wanted> {
  const { namespace, location } = call
  if (isPluginVector(vector)) {
    if (text.trim() === '') return { missing: 'the query is empty' }
    return { vector: await pluginQuery(call, vector, { text, texts: [text] }) }
  }
  if (vector.type !== 'dense' || vector.inferenceName !== namespace.embedding.inferenceName) {
    const reason =
      vector.inferenceName === null
        ? 'holds vectors that documents brought with them, which no model here makes of a text'
        : `holds what ${vector.inferenceName} makes, which is not run here for queries`
    throw invalid(
      [...location, 'query'],
      `${vector.featureUri} ${reason}; send a vector or a document`,
      'not_enabled',
    )
  }
  return text.trim() === '' ? { missing: 'the query is empty' } : { text }
}

/** A plugin may read more than text: what it gets is the data URI itself, for nothing is fetched here. */
async function contentOf(call: Call, vector: VectorDefinition, content: string): Promise<Wanted> {
  const [, kind] = /^data:(image|audio|video)\//i.exec(content) ?? []
  if (kind === undefined || !isPluginVector(vector))
    return await textOf(call, vector, contentText(content, call.location))
  const name = kind.toLowerCase()
  const inputs = { [name]: content, [`${name}_url`]: content }
  return { vector: await pluginQuery(call, vector, inputs) }
}

/** A data URI of text, or the text itself; nothing is fetched (design 7, HTTP). */
function contentText(content: string, location: Location): string {
  if (/^https?:\/\//i.test(content)) {
    throw fail('not_enabled', {
      feature: 'A URL as content of a query',
      hint: 'Send the text itself, or a data URI.',
    })
  }
  const [, type, base64, data] = /^data:([^;,]*)[^,]*?(;base64)?,(.*)$/is.exec(content) ?? []
  if (data === undefined) return content
  if (type !== '' && !type?.toLowerCase().startsWith('text/')) {
    throw invalid(
      [...location, 'query', 'value'],
      `is a data URI of ${type}; only text can be embedded here`,
      'not_enabled',
    )
  }
  return base64 === undefined
    ? decoded(data, location)
    : Buffer.from(data, 'base64').toString('utf8')
}

function decoded(data: string, location: Location): string {
  try {
    return decodeURIComponent(data)
  } catch {
    throw invalid(
      [...location, 'query', 'value'],
      'is a data URI that is not well encoded',
      'invalid_format',
    )
  }
}

type GivenVector = Extract<SearchQuery, { input_mode: 'vector' }>['value']

function checkedVector(
  vector: VectorDefinition,
  value: GivenVector,
  location: Location,
): Float32Array | SparseVector {
  const at = [...location, 'query', 'value']
  if (!Array.isArray(value)) {
    if (vector.type === 'sparse' && value.indices.length === value.values.length) return value
    throw invalid(at, `is a sparse vector; ${vector.featureUri} is ${vector.type}`, 'wrong_type')
  }
  const plain = singleOf(value)
  if (plain === null || vector.type !== 'dense') {
    const given = plain === null ? `a list of ${value.length} vectors` : 'a dense vector'
    throw invalid(
      at,
      `is ${given}; ${vector.featureUri} takes one ${vector.type} vector`,
      'wrong_type',
    )
  }
  if (plain.length === vector.dimensions) return Float32Array.from(plain)
  throw invalid(
    at,
    `has ${plain.length} dimensions; ${vector.featureUri} has ${vector.dimensions}`,
    'wrong_dimensions',
  )
}

function singleOf(value: number[] | number[][]): number[] | null {
  const [first] = value
  if (!Array.isArray(first)) return value.filter((one) => typeof one === 'number')
  return value.length === 1 ? first : null
}

async function storedVector(
  { ports, namespace, location }: Call,
  vector: VectorDefinition,
  reference: { collection_id?: string | undefined; document_id: string },
): Promise<Wanted> {
  const { collection_id: collection, document_id: documentId } = reference
  const collectionId =
    collection === undefined ? '' : (await findCollection(ports, namespace, collection)).id
  const options = { select: [], withVectors: [vector.name] }
  const [found] = await retrieveDocuments(
    ports,
    namespace,
    [pointIdIn(collectionId, documentId)],
    options,
  )
  if (!found) {
    throw invalid(
      [...location, 'query', 'document_ref'],
      `there is no document '${documentId}'`,
      'unknown_document',
    )
  }
  const stored = found.vectors?.[vector.name]
  if (stored === undefined) return { missing: `document '${documentId}' has no ${vector.name}` }
  return { vector: Array.isArray(stored) ? Float32Array.from(stored.flat()) : stored }
}
