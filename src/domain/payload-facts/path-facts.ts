import type { PayloadFieldSchema } from '../../ports/vector-engine.ts'
import type { ValueKind } from '../filters/value-profile.ts'

/** How many documents have a value of a kind, as the census counted; what was written since is only named. */
interface KindCount {
  documents: number
  /** Up to three different ones, as JSON, each of 64 characters at most. */
  examples: string[]
}
export type KindCounts = Partial<Record<ValueKind, KindCount>>

/** The type of the index that values are held against; '' where it is not chosen yet. */
export type GuardType = PayloadFieldSchema['type'] | ''

/** What is known of the values at one path in one generation, held against one type of index. */
export interface PathFacts {
  path: string
  type: GuardType
  /** The census that this is of, and what was written since it began. */
  look: number
  /** Whether that census has ended: before, only what was written since it began is here. */
  isKnown: boolean
  kinds: KindCounts
  /** Whether some document has a list there. */
  hasLists: boolean
  /** Every document with a value that such an index cannot hold, and perhaps others; none where they are too many. */
  exceptions: ReadonlySet<string>
  isOverflown: boolean
}

/** A key at the root of documents that stands before a field of the system, or before a field of the same name. */
export interface RootKeyFact {
  key: string
  isKnown: boolean
  isPresent: boolean
}
