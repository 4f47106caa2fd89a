import type { EngineFilter, PayloadFieldSchema } from '../../src/ports/vector-engine.ts'

/** A field that is filtered by as often as others, where an index changes answers, or seems to bring little. */
export interface Trap {
  field: string
  /** What is in it, and how it is asked. */
  story: string
  /** What a rule that counts filters, and looks at one value of the field or of the filter, makes of it. */
  naive: PayloadFieldSchema
  filter: (at: number) => object
  /** The same for the engine itself; null where it cannot be asked so. */
  bare: ((at: number) => EngineFilter) | null
}

const leaf = (field: string, operator: string, value: unknown) => ({ field, operator, value })
const halfOf = (at: number) => Math.floor(at * 99) + 0.5
const wholeOf = (at: number) => Math.floor(at * 100)

export const traps: readonly Trap[] = [
  {
    field: 'score',
    story: 'whole numbers, 2 % end in .5; ranges over halves',
    naive: { type: 'integer' },
    filter: (at) => ({
      AND: [leaf('score', 'gte', halfOf(at)), leaf('score', 'lt', halfOf(at) + 0.5)],
    }),
    bare: (at) => ({
      must: [{ key: 'score', range: { gte: halfOf(at), lt: halfOf(at) + 0.5 } }],
    }),
  },
  {
    field: 'rating',
    story: 'whole numbers, 0.5 % are "n/a"; all but one of the numbers',
    naive: { type: 'integer' },
    filter: (at) => ({ AND: [leaf('rating', 'ne', wholeOf(at))] }),
    bare: (at) => ({ must: [{ key: 'rating', match: { except: [wholeOf(at)] } }] }),
  },
  {
    field: 'size',
    story: 'whole numbers, 30 % are texts; all but one of the texts',
    naive: { type: 'keyword' },
    filter: (at) => ({ AND: [leaf('size', 'ne', `${wholeOf(at)}`)] }),
    bare: (at) => ({ must: [{ key: 'size', match: { except: [`${wholeOf(at)}`] } }] }),
  },
  {
    field: 'title',
    story: 'texts, asked by contains alone',
    naive: { type: 'keyword' },
    filter: (at) => ({ AND: [leaf('title', 'contains', `part ${Math.floor(at * 1_000)} `)] }),
    bare: null,
  },
  {
    field: 'is_listed',
    story: 'true for 97 % of the documents, and asked for',
    naive: { type: 'bool' },
    filter: () => ({ AND: [leaf('is_listed', 'eq', true)] }),
    bare: () => ({ must: [{ key: 'is_listed', match: { value: true } }] }),
  },
]
