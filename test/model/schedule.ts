import fc from 'fast-check'

/** Where a process dies in an operation, as a part of its calls is through. */
export interface Death {
  call: number
  when: 'before' | 'after'
}

const names = ['a', 'b', 'c'] as const
type VectorName = (typeof names)[number]

/** What somebody does; documents and objects are named by small numbers. */
export type Operation =
  | { op: 'object'; k: number; year: number }
  | { op: 'drop_object'; k: number }
  | { op: 'ingest'; k: number }
  | { op: 'create'; k: number; year: number; vector: 'none' | 'own' | VectorName }
  | { op: 'patch'; target: Target; seen: number }
  | { op: 'delete'; target: Target }
  | { op: 'delete_since'; year: number }
  | { op: 'deploy'; vector: VectorName; dimensions: number; replaces: boolean }
  | { op: 'undeploy'; vector: VectorName }
  | { op: 'reconfigure'; strategy: 'online' | 'recreate' | 'reprocess'; death: Death | null }
  | { op: 'fill'; death: Death | null }
  | { op: 'cancel'; death: Death | null }
  | { op: 'undo'; discard: boolean; death: Death | null }
  | { op: 'two_days'; death: Death | null }

/** A document that somebody created, or the one that is made of an object. */
export interface Target {
  kind: 'created' | 'extracted'
  k: number
}

const k = fc.nat({ max: 3 })
const year = fc.integer({ min: 1950, max: 1959 })
const target = fc.record({ kind: fc.constantFrom('created', 'extracted'), k })
const death: fc.Arbitrary<Death | null> = fc.option(
  fc.record({ call: fc.nat({ max: 60 }), when: fc.constantFrom('before', 'after') }),
  { freq: 2 },
)
const write: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('object'), k, year }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('drop_object'), k }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('ingest'), k }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('create'),
      k,
      year,
      vector: fc.constantFrom('none', 'own', 'own', ...names),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('patch'), target, seen: fc.nat({ max: 9 }) }),
  },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('delete'), target }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('delete_since'), year }) },
)

const deploy = fc.record({
  op: fc.constant('deploy'),
  vector: fc.constantFrom(...names),
  dimensions: fc.constantFrom(2, 2, 3),
  replaces: fc.constantFrom(true, true, true, false),
})
const undeploy = fc.record({ op: fc.constant('undeploy'), vector: fc.constantFrom(...names) })
const change: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: deploy },
  { weight: 1, arbitrary: undeploy },
)
const reconfigure: fc.Arbitrary<Operation> = fc.record({
  op: fc.constant('reconfigure'),
  strategy: fc.constantFrom('online', 'recreate', 'recreate', 'reprocess', 'reprocess'),
  death,
})
const aftermath: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 5, arbitrary: write },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('fill'), death }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('cancel'), death }) },
  { weight: 3, arbitrary: fc.record({ op: fc.constant('undo'), discard: fc.boolean(), death }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('two_days'), death }) },
)

/** Documents, a change of what is deployed, a reconfigure, and what comes of it. */
const round: fc.Arbitrary<Operation[]> = fc
  .tuple(
    fc.array(write, { maxLength: 5 }),
    change,
    fc.array(write, { maxLength: 2 }),
    reconfigure,
    fc.array(aftermath, { maxLength: 6 }),
  )
  .map((parts) => parts.flat())

/** What happens to one namespace, one after the other. */
export const schedules: fc.Arbitrary<Operation[]> = fc
  .array(round, { minLength: 1, maxLength: 4 })
  .map((rounds) => rounds.flat())
