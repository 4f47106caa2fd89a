import type { Payload, VectorEngine } from '../../ports/vector-engine.ts'
import type { Fact } from '../filters/compile-filter.ts'
import { pathValues } from '../filters/field-values.ts'
import { isKindHeld, kindOfValue, type ValueKind } from '../filters/value-profile.ts'

interface ValueProfile {
  kinds: Set<ValueKind>
  hasLists: boolean
}

/**
 * What this process knows of the values in one physical collection. A fact is learned by looking at all documents
 * once; from then on the write gate tells of every document before it writes it, so a fact only ever turns from
 * good to bad, and never after an answer that relied on it could be wrong.
 */
export interface PayloadFacts {
  /** Root key → whether some document has it; absent: nobody looked. */
  rootKeys: Map<string, Learned<{ isPresent: boolean }>>
  /** Payload path → what stands there; absent: nobody looked. */
  profiles: Map<string, Learned<ValueProfile>>
}

interface Learned<T> {
  value: T
  /** False while the documents are being looked at. */
  isKnown: boolean
  learning: Promise<void> | null
}

const factsByEngine = new WeakMap<VectorEngine, Map<string, PayloadFacts>>()

/** Physical collections whose facts are kept; the one unused for longest is forgotten, and learned again if needed. */
const collectionsMax = 1_000

export function payloadFacts(engine: VectorEngine, collection: string): PayloadFacts {
  let byCollection = factsByEngine.get(engine)
  if (!byCollection) factsByEngine.set(engine, (byCollection = new Map()))
  const facts = byCollection.get(collection) ?? { rootKeys: new Map(), profiles: new Map() }
  byCollection.delete(collection)
  byCollection.set(collection, facts)
  const [oldest] = byCollection.keys()
  if (byCollection.size > collectionsMax && oldest !== undefined) byCollection.delete(oldest)
  return facts
}

/** Null where nobody looked yet. */
export function knownFact(facts: PayloadFacts, fact: Fact): boolean | null {
  if (fact.kind === 'no_root_key') {
    const learned = facts.rootKeys.get(fact.key)
    return learned?.isKnown || learned?.value.isPresent ? !learned.value.isPresent : null
  }
  const learned = facts.profiles.get(fact.path)
  if (!learned?.isKnown) return null
  return fact.kind === 'covered'
    ? [...learned.value.kinds].every((kind) => isKindHeld(fact.type, kind) && fact.type !== 'uuid')
    : !learned.value.hasLists
}

/** How the documents are looked at; the read gate's, since only it reads the engine. */
export interface FactScan {
  hasRootKey(key: string): Promise<boolean>
  /** Payloads of all documents that have something at the path. */
  payloadsWith(path: string): AsyncIterable<readonly Payload[]>
}

/** Looks once, whoever else asks meanwhile. A failed look is forgotten, and tried again by the next. */
export async function learnFact(facts: PayloadFacts, fact: Fact, scan: FactScan): Promise<void> {
  if (fact.kind === 'no_root_key') {
    await learn(facts.rootKeys, fact.key, { isPresent: false }, async (value) => {
      if (await scan.hasRootKey(fact.key)) value.isPresent = true
    })
  } else {
    await learn(facts.profiles, fact.path, emptyProfile(), async (value) => {
      for await (const payloads of scan.payloadsWith(fact.path)) {
        for (const payload of payloads) profileValues(value, pathValues(payload, fact.path))
      }
    })
  }
}

/** Told by the write gate before the engine is: from here on the facts hold for these documents, too. */
export function noteWrite(facts: PayloadFacts, payload: Payload): void {
  for (const [key, { value }] of facts.rootKeys) {
    if (!value.isPresent && Object.hasOwn(payload, key)) value.isPresent = true
  }
  for (const [path, { value }] of facts.profiles) profileValues(value, pathValues(payload, path))
}

async function learn<T>(
  known: Map<string, Learned<T>>,
  name: string,
  start: T,
  look: (value: T) => Promise<void>,
): Promise<void> {
  const entry = known.get(name) ?? { value: start, isKnown: false, learning: null }
  // Kept from the beginning, so that what is written during the look is told to it as well.
  known.set(name, entry)
  if (entry.isKnown) return
  entry.learning ??= look(entry.value)
    .then(() => {
      entry.isKnown = true
    })
    .finally(() => {
      entry.learning = null
    })
  await entry.learning
}

function profileValues(profile: ValueProfile, values: readonly unknown[]): void {
  if (values.length > 1) profile.hasLists = true
  for (const value of values) {
    if (!Array.isArray(value)) profile.kinds.add(kindOfValue(value))
    else {
      profile.hasLists = true
      for (const element of value) profile.kinds.add(kindOfValue(element))
    }
  }
}

function emptyProfile(): ValueProfile {
  return { kinds: new Set(), hasLists: false }
}
