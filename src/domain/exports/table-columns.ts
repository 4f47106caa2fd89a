import type { DocumentAnswer } from '../documents/document-answer.ts'
import { fail } from '../failure.ts'
import { fieldValues } from '../filters/field-values.ts'

/** What a column holds without loss: what each of its values is, or else JSON. */
export type ColumnType = 'boolean' | 'integer' | 'number' | 'string' | 'json'

/** The columns of a table of documents: the ids, then the fields that were asked for, or all that documents have. */
export class TableColumns {
  readonly #select: readonly string[] | null
  readonly #max: number
  readonly #types = new Map<string, ColumnType | null>()
  #rows = 0

  constructor(select: readonly string[] | null, max: number) {
    this.#select = select
    this.#max = max
    for (const name of ['document_id', 'collection_id', ...(select ?? [])])
      this.#types.set(name, null)
  }

  /** Takes the document's fields in. Throws `bad_request` for more columns than a table may have. */
  see(document: DocumentAnswer): void {
    if (this.#select === null) {
      for (const name of Object.keys(document)) if (name !== '_internal') this.#see(document, name)
    } else {
      for (const name of this.#types.keys()) this.#see(document, name)
    }
    this.#rows += 1
    if (this.#types.size > this.#max) throw tooWide(this.#max)
  }

  /** Documents that were seen. */
  get rows(): number {
    return this.#rows
  }

  get names(): readonly string[] {
    return [...this.#types.keys()]
  }

  /** By name; null where no document has a value. */
  get types(): ReadonlyMap<string, ColumnType | null> {
    return this.#types
  }

  /** A root field by its name, or what a path that was asked for leads to: a list where that is several values. */
  cell(document: DocumentAnswer, name: string): unknown {
    if (Object.hasOwn(document, name)) return document[name]
    if (this.#select === null) return undefined
    const values = fieldValues(document, name)
    return values.length > 1 ? values : values[0]
  }

  #see(document: DocumentAnswer, name: string): void {
    const seen = this.#types.get(name) ?? null
    if (seen !== 'json') this.#types.set(name, merged(seen, typeOf(this.cell(document, name))))
  }
}

function typeOf(value: unknown): ColumnType | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number'
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'string' ? 'string' : 'json'
}

function merged(one: ColumnType | null, other: ColumnType | null): ColumnType | null {
  if (one === null || other === null || one === other) return one ?? other
  const numbers = [one, other].every((type) => type === 'integer' || type === 'number')
  return numbers ? 'number' : 'json'
}

function tooWide(limit: number) {
  return fail('bad_request', {
    reason: `The table would have more than ${limit} columns (NACRE_EXPORT_COLUMNS_MAX).`,
    hint: 'Name those that are wanted in select_fields.',
  })
}
