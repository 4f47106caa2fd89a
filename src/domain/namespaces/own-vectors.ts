import { z } from 'zod'
import { DocumentRequest } from '../documents/create-document.ts'
import type { Extractor } from '../extractors/extractor.ts'
import { fail, type Fault } from '../failure.ts'
import { reservedRootKeys } from '../filters/field-path.ts'
import type { VectorDefinition } from './namespace.ts'

/** The most that either engine takes. */
const dimensionsMax = 65_536

const OwnVector = z.strictObject({
  type: z.enum(['dense', 'sparse']).nullish(),
  dimensions: z.int().min(1).max(dimensionsMax).nullish(),
  /** `euclid` is what plugins' manifests and the engine call the third (contract 10.1). */
  distance: z.enum(['cosine', 'dot', 'euclidean', 'euclid', 'manhattan']).nullish(),
})
type OwnVector = z.infer<typeof OwnVector>

/**
 * Ours (contract 7.1 has extractors only): vectors that no extractor fills and that documents bring with them, by
 * name: `{"own": {"dimensions": 128, "distance": "cosine"}}`.
 */
export const OwnVectors = z.record(z.string(), OwnVector)
export type OwnVectors = z.infer<typeof OwnVectors>

/** Shown as declared, so that an answer can be sent again. */
export const OwnVectorAnswer = z.object({
  type: z.enum(['dense', 'sparse']),
  dimensions: z.int().optional(),
  distance: z.enum(['cosine', 'dot', 'euclidean', 'manhattan']).optional(),
})

export interface OwnVectorRules {
  location: Fault['location']
  /** Of the namespace: their vectors and fields stand in documents beside the client's own. */
  extractors: readonly Extractor[]
  /** Vector names of every extractor there is, with the extractor's id: these are theirs in every namespace. */
  taken: ReadonlyMap<string, string>
  /** Most vectors of a client's own in one namespace (setting `NACRE_OWN_VECTORS_MAX`). */
  ownVectorsMax: number
}

/** Storage name → definition, the name being its feature URI. Throws `request_invalid` with every fault. */
export function parseOwnVectors(
  given: OwnVectors,
  rules: OwnVectorRules,
): Record<string, VectorDefinition> {
  const { location, ownVectorsMax } = rules
  const entries = Object.entries(given)
  const faults = entries.flatMap(([name, vector]) => [
    ...nameFaults(name, rules),
    ...definitionFaults(vector, [...location, name]),
  ])
  if (entries.length > ownVectorsMax) {
    const message = `declares ${entries.length} vectors; a namespace has at most ${ownVectorsMax} of its own (NACRE_OWN_VECTORS_MAX)`
    faults.push({ location, message, type: 'too_many' })
  }
  if (faults.length > 0) throw fail('request_invalid', { faults })
  return Object.fromEntries(entries.map(([name, vector]) => [name, definitionOf(name, vector)]))
}

/** The namespace's vectors that belong to no extractor, in the words of the request. */
export function ownVectorsAnswer(
  vectors: Readonly<Record<string, VectorDefinition>>,
): Record<string, z.infer<typeof OwnVectorAnswer>> {
  const own = Object.values(vectors).filter(({ extractorId }) => extractorId === null)
  return Object.fromEntries(
    own.map(({ name, type, dimensions, distance }) => [
      name,
      dimensions === null ? { type } : { type, dimensions, distance },
    ]),
  )
}

function definitionOf(name: string, vector: OwnVector): VectorDefinition {
  const type = vector.type ?? 'dense'
  const distance = vector.distance ?? (type === 'sparse' ? 'dot' : 'cosine')
  return {
    name,
    description: `Vectors named '${name}' that documents bring with them`,
    type,
    dimensions: vector.dimensions ?? null,
    distance: distance === 'euclid' ? 'euclidean' : distance,
    inferenceName: null,
    extractorId: null,
    featureUri: name,
  }
}

/** A document answers its vectors at its root (contract 16.1), so a name is what a root key may be. */
function nameFaults(name: string, { location, extractors, taken }: OwnVectorRules): Fault[] {
  const refuse = (message: string, type: string) => [
    { location: [...location, name], message, type },
  ]
  if (!/^[A-Za-z][A-Za-z0-9_-]{0,99}$/.test(name)) {
    return refuse(
      'is no name of a vector; use 1 to 100 letters, digits, _ and -, the first a letter',
      'invalid_name',
    )
  }
  const owner = taken.get(name)
  if (owner !== undefined) {
    return refuse(
      `is the vector of ${owner}; name that extractor in feature_extractors, or choose another name`,
      'reserved',
    )
  }
  if (reservedRootKeys.has(name) || Object.hasOwn(DocumentRequest.shape, name))
    return refuse(`'${name}' is a word of the API's documents; choose another name`, 'reserved')
  const filler = extractors.find(({ outputs }) => Object.hasOwn(outputs, name))
  if (filler)
    return refuse(`'${name}' is a field that ${filler.id} fills; choose another name`, 'reserved')
  return []
}

function definitionFaults(vector: OwnVector, location: Fault['location']): Fault[] {
  const { dimensions, distance } = vector
  if (vector.type !== 'sparse') {
    if (typeof dimensions === 'number') return []
    const message = `is missing; a dense vector has 1 to ${dimensionsMax} dimensions`
    return [{ location: [...location, 'dimensions'], message, type: 'missing' }]
  }
  return Object.entries({ dimensions, distance })
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([key]) => ({
      location: [...location, key],
      message: 'is for dense vectors only; leave it out of a sparse one',
      type: 'invalid_option',
    }))
}
