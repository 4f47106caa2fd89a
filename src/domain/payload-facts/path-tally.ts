import { createHash } from 'node:crypto'
import type { Payload } from '../../ports/vector-engine.ts'
import { elementsOf, pathValues } from '../filters/field-values.ts'
import { isHeld, kindOfValue, type ValueKind } from '../filters/value-profile.ts'
import type { GuardType, KindCounts } from './path-facts.ts'

const distinctMax = 10_000
const examplesMax = 3
const exampleLength = 64

/** What the values of one document at a path mean for an index of a type. */
export interface FoundValues {
  kinds: ReadonlyMap<ValueKind, unknown>
  hasLists: boolean
  /** Whether such an index does not hold all of them. */
  isException: boolean
  /** The first such value. */
  unheld: unknown
}

/** Lists are opened one level, as indexes do. */
export function foundAt(payload: Payload, path: string, type: GuardType): FoundValues {
  const values = pathValues(payload, path)
  const kinds = new Map<ValueKind, unknown>()
  let isException = false
  let unheld: unknown
  for (const value of elementsOf(values)) {
    const kind = kindOfValue(value)
    if (!kinds.has(kind)) kinds.set(kind, value)
    if (isException || type === '' || isHeld(type, value, kind)) continue
    isException = true
    unheld = value
  }
  // Two places of one path, such as `a[].b`, are as good as a list.
  const hasLists = values.length > 1 || values.some(Array.isArray)
  return { kinds, hasLists, isException, unheld }
}

/** Sums up the values at a path, document by document. Bounded, however many there are. */
export class PathTally {
  readonly kinds: KindCounts = {}
  readonly exceptions: string[] = []
  readonly unheldExamples: string[] = []
  unheld = 0
  withValue = 0
  lists = 0
  valueBytes = 0
  isOverflown = false
  readonly #path: string
  readonly #type: GuardType
  readonly #exceptionsMax: number
  readonly #distinct = new Set<string>()

  constructor(path: string, type: GuardType, exceptionsMax: number) {
    this.#path = path
    this.#type = type
    this.#exceptionsMax = exceptionsMax
  }

  /** Null beyond 10,000. */
  get distinct(): number | null {
    return this.#distinct.size > distinctMax ? null : this.#distinct.size
  }

  add(pointId: string, payload: Payload): void {
    const found = foundAt(payload, this.#path, this.#type)
    const { kinds, hasLists, isException } = found
    if (kinds.size === 0) return
    this.withValue += 1
    if (hasLists) this.lists += 1
    for (const [kind, value] of kinds) countKind(this.kinds, kind, value)
    for (const value of elementsOf(pathValues(payload, this.#path))) this.#addValue(value)
    if (isException) this.#addException(pointId, found.unheld)
  }

  #addValue(value: unknown): void {
    const text = JSON.stringify(value) ?? ''
    this.valueBytes += Buffer.byteLength(text)
    if (this.#distinct.size <= distinctMax) this.#distinct.add(shortOf(text))
  }

  #addException(pointId: string, value: unknown): void {
    this.unheld += 1
    addExample(this.unheldExamples, value)
    if (this.exceptions.length < this.#exceptionsMax) this.exceptions.push(pointId)
    else this.isOverflown = true
  }
}

/** Adds one document with a value of the kind. */
export function countKind(counts: KindCounts, kind: ValueKind, value: unknown): void {
  const count = (counts[kind] ??= { documents: 0, examples: [] })
  count.documents += 1
  addExample(count.examples, value)
}

function addExample(examples: string[], value: unknown): void {
  if (examples.length >= examplesMax) return
  const example = (JSON.stringify(value) ?? '').slice(0, exampleLength)
  if (!examples.includes(example)) examples.push(example)
}

function shortOf(text: string): string {
  return text.length <= exampleLength ? text : createHash('sha1').update(text).digest('base64')
}
