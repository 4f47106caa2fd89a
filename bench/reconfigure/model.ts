import { hash } from 'node:crypto'
import { documentsTotal, fieldsOf } from './data.ts'

/** What the writer knows of one document that is there. */
export interface Known {
  revision: number
  /** Fields changed since that revision was written whole. */
  patch: Readonly<Record<string, unknown>>
  /** Vectors that it was written with. */
  vectors: readonly string[]
}

/** What has to be in the collection after every answer so far. Documents are named by their number. */
export class Model {
  readonly #changed = new Map<number, Known | null>()
  #first: readonly string[]
  #next = documentsTotal

  /** `vectors`: names of those that each document was imported with. */
  constructor(vectors: readonly string[]) {
    this.#first = vectors
  }

  /** Null where it is deleted or was never there. */
  get(n: number): Known | null {
    const known = this.#changed.get(n)
    if (known !== undefined) return known
    return n < documentsTotal ? { revision: 0, patch: {}, vectors: this.#first } : null
  }

  set(n: number, known: Known | null): void {
    this.#changed.set(n, known)
  }

  /** The import was sent again with these vectors: what it holds is as it was at first, in whatever state it was. */
  imported(vectors: readonly string[]): void {
    this.#first = vectors
    for (const n of this.touched()) if (n < documentsTotal) this.#changed.delete(n)
  }

  /** A number that no document has had. */
  fresh(): number {
    return this.#next++
  }

  /** Numbers given out so far lie below. */
  get end(): number {
    return this.#next
  }

  /** Of those written after the import. */
  touched(): number[] {
    return [...this.#changed.keys()]
  }
}

/** SHA-1 of a known document's fields. */
export function checksumOf(n: number, { revision, patch }: Known): string {
  return checksum({ ...fieldsOf(n, revision), ...patch })
}

/** The same of a document as the server answers it: without what the server adds. */
export function checksumOfAnswer(answer: Readonly<Record<string, unknown>>): string {
  const { document_id: _id, collection_id: _collection, _internal, _vectors, ...fields } = answer
  return checksum(fields)
}

function checksum(fields: object): string {
  return hash('sha1', JSON.stringify(sorted(fields)))
}

/** Keys in order at every depth: the same fields give the same text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
