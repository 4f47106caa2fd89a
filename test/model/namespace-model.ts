import type { Target } from './schedule.ts'

/** A document as anybody may see it, and what an undo goes by. */
export interface ModelDocument {
  kind: Target['kind']
  k: number
  fields: Record<string, unknown>
  /** What a user changed in an extracted one. */
  patch: Record<string, unknown>
  /** Vector name → dimensions. */
  vectors: Record<string, number>
  /** Grows with each write of a client: two documents of one revision are the same. */
  revision: number
}
export type Documents = Map<string, ModelDocument>
type Vectors = Record<string, number>

/** One generation: its documents and its schema. */
export interface ModelGeneration {
  documents: Documents
  vectors: Vectors
}

export type Refusal = 'busy' | 'conflict' | 'losses' | 'nothing_to_undo' | 'writes'

/** What a namespace is to hold after any operations, by the words of the design and nothing else. */
export class NamespaceModel {
  live: ModelGeneration = { documents: new Map(), vectors: { own: 2 } }
  /** Earlier ones that an undo brings back, the last first. */
  retained: ModelGeneration[] = []
  /** Vectors of the generation that is being filled. */
  filling: Vectors | null = null
  /** What was done and not undone, the last first: only a rebuild can be undone. */
  history: ('online' | 'rebuild')[] = []
  /** Object → its year. */
  readonly objects = new Map<number, number>()
  /** Vector → dimensions, by every plugin that is deployed. */
  readonly deployed: { id: string; name: string; vector: string; dimensions: number }[] = []
  #revision = 0

  get revision(): number {
    return ++this.#revision
  }

  clone(): NamespaceModel {
    const copy = new NamespaceModel()
    copy.live = cloned(this.live)
    copy.retained = this.retained.map(cloned)
    copy.filling = this.filling && { ...this.filling }
    copy.history = [...this.history]
    for (const [k, year] of this.objects) copy.objects.set(k, year)
    copy.deployed.push(...this.deployed)
    copy.#revision = this.#revision
    return copy
  }

  /** What tells a step from nothing. */
  shape(): unknown {
    return [this.live.vectors, this.retained.length, this.filling, this.history]
  }

  /** Null where two deployed plugins declare one vector differently. */
  wanted(): Vectors | null {
    const wanted: Vectors = { own: 2 }
    for (const { vector, dimensions } of this.deployed) {
      if (wanted[vector] !== undefined && wanted[vector] !== dimensions) return null
      wanted[vector] = dimensions
    }
    return wanted
  }

  /** Whether an extractor could make it once more, just as it is. */
  isRemade({ kind, k, patch }: ModelDocument): boolean {
    return kind === 'extracted' && Object.keys(patch).length === 0 && this.objects.has(k)
  }

  write(id: string, document: Omit<ModelDocument, 'revision' | 'patch'>): Refusal | null {
    if (this.filling && changes(this.live.vectors, this.filling, Object.keys(document.vectors)))
      return 'conflict'
    const earlier = this.live.documents.get(id)
    const patch = document.kind === 'extracted' ? (earlier?.patch ?? {}) : {}
    const fields = { ...document.fields, ...patch }
    this.live.documents.set(id, { ...document, fields, patch, revision: this.revision })
    return null
  }

  patch(id: string, change: Record<string, unknown>): void {
    const found = this.live.documents.get(id)
    if (!found) return
    const patch = found.kind === 'extracted' ? { ...found.patch, ...change } : {}
    const fields = { ...found.fields, ...change }
    this.live.documents.set(id, { ...found, fields, patch, revision: this.revision })
  }

  /** From every generation: a deletion is never taken back. */
  delete(matches: (id: string, document: ModelDocument) => boolean): void {
    const ids = [...this.live.documents].filter(([id, one]) => matches(id, one)).map(([id]) => id)
    for (const { documents } of [this.live, ...this.retained]) {
      for (const [id, one] of documents)
        if (ids.includes(id) || matches(id, one)) documents.delete(id)
    }
  }

  /** `isRebound`: another plugin is to fill a vector that stays, which changes no schema but waits for its turn. */
  online(isRebound: boolean): Refusal | null {
    const wanted = this.wanted()
    if (!wanted) return 'conflict'
    const names = Object.keys(wanted)
    const isAdded = names.some((name) => this.live.vectors[name] === undefined)
    const isChanged = changes(this.live.vectors, wanted, names)
    if (!isAdded && !isChanged && !isRebound) return null
    if (this.filling) return 'busy'
    if (isChanged) return 'conflict'
    if (!isAdded) return null
    this.live.vectors = { ...wanted, ...this.live.vectors }
    this.history.unshift('online')
    return null
  }

  /** The same for `recreate` and `reprocess` until something is built. */
  #rebuilding(isRebound: boolean): { wanted: Vectors } | Refusal | null {
    const wanted = this.wanted()
    if (!wanted) return 'conflict'
    const names = Object.keys(wanted)
    const isAdded = names.some((name) => this.live.vectors[name] === undefined)
    const changed = names.filter((name) => changes(this.live.vectors, wanted, [name]))
    const isRebuilt = isAdded || changed.length > 0
    if (!isRebuilt && !isRebound) return null
    if (this.filling) return 'busy'
    if (!isRebuilt) return null
    const kept = [...this.live.documents.values()].filter((one) => !this.isRemade(one))
    const isLost = kept.some(({ vectors }) => changed.some((name) => vectors[name] !== undefined))
    return isLost ? 'losses' : { wanted }
  }

  recreate(isRebound: boolean): Refusal | null {
    const next = this.#rebuilding(isRebound)
    if (next === null || typeof next === 'string') return next
    const kept = [...this.live.documents].filter(([, one]) => !this.isRemade(one))
    this.#switchTo(next.wanted, new Map(kept))
    return null
  }

  reprocess(isRebound: boolean): Refusal | null {
    const next = this.#rebuilding(isRebound)
    if (next === null || typeof next === 'string') return next
    this.filling = next.wanted
    return null
  }

  /** Every document again, as its object is now; what nothing makes again as it is. */
  filled(): void {
    if (!this.filling) return
    const made = [...this.live.documents].map(([id, one]): [string, ModelDocument] => {
      const year = one.kind === 'extracted' ? this.objects.get(one.k) : undefined
      return [id, year === undefined ? one : { ...one, fields: { year, ...one.patch } }]
    })
    this.#switchTo(this.filling, new Map(made))
    this.filling = null
  }

  cancelled(): void {
    this.filling = null
  }

  undo(discard: boolean): Refusal | null {
    const [earlier, ...others] = this.retained
    if (this.filling) return 'busy'
    if (!earlier || this.history[0] !== 'rebuild') return 'nothing_to_undo'
    if (this.writesSince(earlier) > 0 && !discard) return 'writes'
    this.live = earlier
    this.retained = others
    this.history.shift()
    return null
  }

  writesSince({ documents }: ModelGeneration): number {
    return [...this.live.documents].filter(([id, one]) => {
      if (this.isRemade(one)) return false
      const before = documents.get(id)
      if (!before) return true
      return one.kind === 'extracted'
        ? JSON.stringify(sorted(one.patch)) !== JSON.stringify(sorted(before.patch))
        : one.revision !== before.revision
    }).length
  }

  #switchTo(vectors: Vectors, documents: Documents): void {
    const keeps = (name: string) => this.live.vectors[name] === vectors[name]
    const carried = [...documents].map(([id, one]): [string, ModelDocument] => {
      const kept = Object.entries(one.vectors).filter(([name]) => keeps(name))
      return [id, { ...one, vectors: Object.fromEntries(kept) }]
    })
    // Two earlier ones are kept; the third goes (NACRE_GENERATIONS_RETAINED_MAX).
    this.retained = [this.live, ...this.retained].slice(0, 2)
    this.live = { vectors, documents: new Map(carried) }
    this.history.unshift('rebuild')
  }
}

function changes(present: Vectors, wanted: Vectors, names: readonly string[]): boolean {
  return names.some(
    (name) =>
      present[name] !== undefined && wanted[name] !== undefined && present[name] !== wanted[name],
  )
}

function cloned({ documents, vectors }: ModelGeneration): ModelGeneration {
  return { documents: new Map(documents), vectors: { ...vectors } }
}

function sorted(value: Record<string, unknown>): [string, unknown][] {
  return Object.entries(value).toSorted(([a], [b]) => a.localeCompare(b))
}
